//! Sealing every secret anew, with the key in use: for the operator, across tenants.

use basira_actors::model::DatabaseId;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::storage::entity::{monitored_database, totp};
use crate::storage::{Lock, Storage, StorageError, Transaction};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many secrets are sealed with the key in use now and were not before.
    pub changed: usize,
    /// How many were already.
    pub unchanged: usize,
    /// Databases whose password no key opens; it stays as it is.
    pub unreadable: Vec<DatabaseId>,
    /// People whose second factor no key opens; it stays as it is.
    pub unreadable_totp: Vec<Uuid>,
}

/// One secret, tried with the key in use.
enum Tried {
    Anew(Vec<u8>),
    AsItIs,
    Unreadable,
}

impl Storage {
    /// Seals the passwords of all databases and all second factors with the key in use: all of them, or none when it
    /// fails. Whoever seals one meanwhile is waited for, so that afterwards none needs another key.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn reseal(&self) -> Result<Resealed, StorageError> {
        let transaction = self.exclusive(Lock::Seal).await?;
        let mut resealed = Resealed::default();
        self.reseal_passwords(&transaction, &mut resealed).await?;
        self.reseal_second_factors(&transaction, &mut resealed).await?;
        transaction.commit().await?;
        Ok(resealed)
    }

    async fn reseal_passwords(
        &self,
        transaction: &Transaction,
        resealed: &mut Resealed,
    ) -> Result<(), StorageError> {
        let rows: Vec<(Uuid, Vec<u8>)> = monitored_database::Entity::find()
            .select_only()
            .columns([monitored_database::Column::Id, monitored_database::Column::SealedPassword])
            .filter(monitored_database::Column::SealedPassword.is_not_null())
            .into_tuple()
            .all(transaction)
            .await?;
        for (id, blob) in rows {
            match resealed.count(self.sealed_anew(id, &blob).await) {
                Tried::Anew(anew) => {
                    let changes = monitored_database::ActiveModel {
                        id: Unchanged(id),
                        sealed_password: Set(Some(anew)),
                        ..Default::default()
                    };
                    changes.update(transaction).await?;
                }
                Tried::Unreadable => resealed.unreadable.push(DatabaseId(id)),
                Tried::AsItIs => {}
            }
        }
        Ok(())
    }

    async fn reseal_second_factors(
        &self,
        transaction: &Transaction,
        resealed: &mut Resealed,
    ) -> Result<(), StorageError> {
        for row in totp::Entity::find().all(transaction).await? {
            match resealed.count(self.sealed_anew(row.user_id, &row.secret).await) {
                Tried::Anew(anew) => {
                    let changes = totp::ActiveModel {
                        user_id: Unchanged(row.user_id),
                        secret: Set(anew),
                        ..Default::default()
                    };
                    changes.update(transaction).await?;
                }
                Tried::Unreadable => resealed.unreadable_totp.push(row.user_id),
                Tried::AsItIs => {}
            }
        }
        Ok(())
    }

    /// `blob`, which is sealed for `id`.
    async fn sealed_anew(&self, id: Uuid, blob: &[u8]) -> Tried {
        if self.sealer.is_current(blob) {
            return Tried::AsItIs;
        }
        let id = DatabaseId(id);
        let Ok(secret) = self.sealer.unseal(id, blob).await else { return Tried::Unreadable };
        self.sealer.seal(id, &secret).await.map_or(Tried::Unreadable, Tried::Anew)
    }
}

impl Resealed {
    fn count(&mut self, tried: Tried) -> Tried {
        match tried {
            Tried::Anew(_) => self.changed += 1,
            Tried::AsItIs => self.unchanged += 1,
            Tried::Unreadable => {}
        }
        tried
    }
}
