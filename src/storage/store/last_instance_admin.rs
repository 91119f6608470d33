//! The guard that an instance always has an admin.

use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, Select};

use crate::storage::entity::user_account;
use crate::storage::{StorageError, Transaction};

/// Whether an instance admin is left once `leaving` are deleted or demoted. Needs [`Lock::Signup`] until the change is
/// committed.
///
/// [`Lock::Signup`]: crate::storage::Lock
pub(super) async fn an_instance_admin_stays(
    transaction: &Transaction,
    leaving: Condition,
) -> Result<bool, StorageError> {
    let leaving = admins().filter(leaving).count(transaction).await?;
    Ok(leaving == 0 || admins().count(transaction).await? > leaving)
}

/// Every instance admin.
pub(super) fn admins() -> Select<user_account::Entity> {
    user_account::Entity::find().filter(user_account::Column::InstanceAdmin.eq(true))
}
