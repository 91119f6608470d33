//! Sealing every password anew, with the key in use: for the operator, across tenants.

use basira_actors::model::DatabaseId;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::storage::entity::monitored_database;
use crate::storage::{Lock, Storage, StorageError};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many passwords are sealed with the key in use now and were not before.
    pub changed: usize,
    /// How many were already.
    pub unchanged: usize,
    /// Databases whose password no key opens; it stays as it is.
    pub unreadable: Vec<DatabaseId>,
}

impl Storage {
    /// Seals the passwords of all databases with the key in use: all of them, or none when it fails. Whoever seals one
    /// meanwhile is waited for, so that afterwards no password needs another key.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn reseal(&self) -> Result<Resealed, StorageError> {
        let transaction = self.exclusive(Lock::Seal).await?;
        let rows: Vec<(Uuid, Vec<u8>)> = monitored_database::Entity::find()
            .select_only()
            .columns([monitored_database::Column::Id, monitored_database::Column::SealedPassword])
            .filter(monitored_database::Column::SealedPassword.is_not_null())
            .into_tuple()
            .all(&transaction)
            .await?;
        let mut resealed = Resealed::default();
        for (id, blob) in rows {
            if self.sealer.is_current(&blob) {
                resealed.unchanged += 1;
                continue;
            }
            let password = self.sealer.unseal(DatabaseId(id), &blob);
            let Ok(anew) = password.and_then(|password| self.sealer.seal(DatabaseId(id), &password)) else {
                resealed.unreadable.push(DatabaseId(id));
                continue;
            };
            let changes = monitored_database::ActiveModel {
                id: Unchanged(id),
                sealed_password: Set(Some(anew)),
                ..Default::default()
            };
            changes.update(&transaction).await?;
            resealed.changed += 1;
        }
        transaction.commit().await?;
        Ok(resealed)
    }
}
