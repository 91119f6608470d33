//! Organizations as wholes: renamed, deleted, and seen from above by who runs the instance.

use std::collections::HashMap;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::Organization;
use super::last_instance_admin::an_instance_admin_stays;
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

/// An organization was not removed.
#[derive(Debug, thiserror::Error)]
pub enum DeleteOrganizationError {
    #[error("no such organization")]
    Unknown,
    #[error("the last instance admin is in this organization: make somebody of another one first")]
    LastInstanceAdmin,
    #[error(transparent)]
    Storage(#[from] StorageError),
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
    /// databases it had.
    ///
    /// # Errors
    /// [`DeleteOrganizationError`]; nothing was removed.
    pub async fn delete_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Vec<DatabaseId>, DeleteOrganizationError> {
        let transaction = self.exclusive(Lock::Signup).await?;
        // the lock makes a registration at the same time wait, and then find no organization
        let locked = organization::Entity::find_by_id(id.0).lock_exclusive().one(&transaction).await;
        if locked.map_err(StorageError::from)?.is_none() {
            return Err(DeleteOrganizationError::Unknown);
        }
        let its_people = user_account::Column::OrganizationId.eq(id.0);
        if !an_instance_admin_stays(&transaction, its_people.into_condition()).await? {
            return Err(DeleteOrganizationError::LastInstanceAdmin);
        }
        let databases: Vec<Uuid> = monitored_database::Entity::find()
            .select_only()
            .column(monitored_database::Column::Id)
            .filter(monitored_database::Column::OrganizationId.eq(id.0))
            .into_tuple()
            .all(&transaction)
            .await
            .map_err(StorageError::from)?;
        audit_entry::Entity::delete_many()
            .filter(audit_entry::Column::OrganizationId.eq(id.0))
            .exec(&transaction)
            .await
            .map_err(StorageError::from)?;
        // the rest goes with it, by its references
        let deleted = organization::Entity::delete_by_id(id.0).exec(&transaction).await;
        deleted.map_err(StorageError::from)?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(databases.into_iter().map(DatabaseId).collect())
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
}
