//! Organizations as wholes: renamed, deleted, and seen from above by who runs the instance.

use std::collections::HashMap;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::{Member, Organization};
use crate::storage::entity::{audit_entry, monitored_database, organization, user_account};
use crate::storage::{Lock, Storage, StorageError};

/// An organization, as the API shows it to who runs the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganizationSummary {
    #[serde(flatten)]
    pub organization: Organization,
    pub created_at: Timestamp,
    pub members: i64,
    pub databases: i64,
}

/// What came of taking the instance from one of its admins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demoted {
    Done,
    Unknown,
    /// Nobody would be left to run the instance.
    LastOne,
}

impl Storage {
    /// Calls an organization `name`; none when it is gone.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn rename_organization(
        &self,
        id: OrganizationId,
        name: &str,
    ) -> Result<Option<Organization>, StorageError> {
        let changes = organization::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
        let transaction = self.begin().await?;
        let renamed = organization::Entity::update_many()
            .set(changes)
            .filter(organization::Column::Id.eq(id.0))
            .exec_with_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(renamed.into_iter().next().map(Organization::from))
    }

    /// Removes an organization with its people, keys, invitations, databases, advice and audit log, and says which
    /// databases it had; none when it is gone already.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was removed.
    pub async fn delete_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Vec<DatabaseId>>, StorageError> {
        let transaction = self.begin().await?;
        // the lock makes a registration at the same time wait, and then find no organization
        let locked = organization::Entity::find_by_id(id.0).lock_exclusive().one(&transaction).await?;
        if locked.is_none() {
            return Ok(None);
        }
        let databases: Vec<Uuid> = monitored_database::Entity::find()
            .select_only()
            .column(monitored_database::Column::Id)
            .filter(monitored_database::Column::OrganizationId.eq(id.0))
            .into_tuple()
            .all(&transaction)
            .await?;
        audit_entry::Entity::delete_many()
            .filter(audit_entry::Column::OrganizationId.eq(id.0))
            .exec(&transaction)
            .await?;
        // the rest goes with it, by its references
        organization::Entity::delete_by_id(id.0).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(databases.into_iter().map(DatabaseId).collect()))
    }

    /// Every organization, oldest first. Across tenants: for who runs the instance.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn organizations(&self) -> Result<Vec<OrganizationSummary>, StorageError> {
        let rows =
            organization::Entity::find().order_by_asc(organization::Column::Id).all(&self.reader).await?;
        let members = user_account::Entity::find()
            .select_only()
            .column(user_account::Column::OrganizationId)
            .column_as(user_account::Column::Id.count(), "members")
            .group_by(user_account::Column::OrganizationId)
            .into_tuple()
            .all(&self.reader)
            .await?;
        let databases = monitored_database::Entity::find()
            .select_only()
            .column(monitored_database::Column::OrganizationId)
            .column_as(monitored_database::Column::Id.count(), "databases")
            .group_by(monitored_database::Column::OrganizationId)
            .into_tuple()
            .all(&self.reader)
            .await?;
        let members: HashMap<Uuid, i64> = members.into_iter().collect();
        let databases: HashMap<Uuid, i64> = databases.into_iter().collect();
        let summary = |row: organization::Model| OrganizationSummary {
            created_at: row.created_at.into(),
            members: members.get(&row.id).copied().unwrap_or_default(),
            databases: databases.get(&row.id).copied().unwrap_or_default(),
            organization: row.into(),
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Who runs the instance. Across tenants, as above.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn instance_admins(&self) -> Result<Vec<Member>, StorageError> {
        let query = user_account::Entity::find().filter(user_account::Column::InstanceAdmin.eq(true));
        let rows = query.order_by_asc(user_account::Column::Id).all(&self.reader).await?;
        Ok(rows.into_iter().map(Member::from).collect())
    }

    /// Lets the person behind an e-mail address in lower case run the instance; none when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn promote(&self, email: &str, now: Timestamp) -> Result<Option<Member>, StorageError> {
        let changes = user_account::ActiveModel {
            instance_admin: Set(true),
            updated_at: Set(now.into()),
            ..Default::default()
        };
        let transaction = self.begin().await?;
        let promoted = user_account::Entity::update_many()
            .set(changes)
            .filter(user_account::Column::Email.eq(email))
            .exec_with_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(promoted.into_iter().next().map(Member::from))
    }

    /// Takes the instance from one of its admins, unless it is the last.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn demote(&self, user_id: Uuid, now: Timestamp) -> Result<Demoted, StorageError> {
        // two who demote each other take turns
        let transaction = self.exclusive(Lock::Signup).await?;
        let admins = user_account::Entity::find().filter(user_account::Column::InstanceAdmin.eq(true));
        let admins = admins.all(&transaction).await?;
        if !admins.iter().any(|admin| admin.id == user_id) {
            return Ok(Demoted::Unknown);
        }
        if admins.len() == 1 {
            return Ok(Demoted::LastOne);
        }
        let changes = user_account::ActiveModel {
            id: Set(user_id),
            instance_admin: Set(false),
            updated_at: Set(now.into()),
            ..Default::default()
        };
        changes.update(&transaction).await?;
        transaction.commit().await?;
        Ok(Demoted::Done)
    }
}
