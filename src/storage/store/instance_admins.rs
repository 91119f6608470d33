//! The people who run the instance. There is always one.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Member;
use super::last_instance_admin::{admins, an_instance_admin_stays};
use crate::storage::entity::user_account;
use crate::storage::{Lock, Storage, StorageError};

/// What came of taking the instance from one of its admins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demoted {
    Done,
    Unknown,
    /// Nobody would be left to run the instance.
    LastOne,
}

impl Storage {
    /// Whether somebody in `organization` runs the instance.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn runs_instance(&self, organization: OrganizationId) -> Result<bool, StorageError> {
        let among_them = admins().filter(user_account::Column::OrganizationId.eq(organization.0));
        Ok(among_them.count(&self.reader).await? > 0)
    }

    /// Who runs the instance. Across tenants, as above.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn instance_admins(&self) -> Result<Vec<Member>, StorageError> {
        let rows = admins().order_by_asc(user_account::Column::Id).all(&self.reader).await?;
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
        let one_of_them = admins().filter(user_account::Column::Id.eq(user_id));
        if one_of_them.count(&transaction).await? == 0 {
            return Ok(Demoted::Unknown);
        }
        if !an_instance_admin_stays(&transaction, user_account::Column::Id.eq(user_id).into_condition())
            .await?
        {
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
