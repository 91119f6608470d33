//! Encrypting every secret with the current key: for the operator, across tenants.

use basira_actors::model::DatabaseId;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::storage::entity::{monitored_database, totp};
use crate::storage::{Lock, Storage, StorageError, Transaction};

/// The result of a re-encryption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reencrypted {
    /// The number of secrets that were encrypted with another key before.
    pub changed: usize,
    /// The number of secrets that were encrypted with the current key already.
    pub unchanged: usize,
    /// Databases whose password no key decrypts; it is left as it is.
    pub unreadable: Vec<DatabaseId>,
    /// People whose second factor no key decrypts; it is left as it is.
    pub unreadable_totp: Vec<Uuid>,
}

/// The re-encryption of one secret.
enum Reencryption {
    Changed(Vec<u8>),
    Unchanged,
    Unreadable,
}

impl Storage {
    /// Encrypts the passwords of all databases and all second factors with the current key: all of them, or none when it
    /// fails. Waits for transactions that are encrypting, so that afterwards no secret needs another key.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn reencrypt(&self) -> Result<Reencrypted, StorageError> {
        let transaction = self.exclusive(Lock::Encrypt).await?;
        let mut result = Reencrypted::default();
        self.reencrypt_passwords(&transaction, &mut result).await?;
        self.reencrypt_second_factors(&transaction, &mut result).await?;
        transaction.commit().await?;
        Ok(result)
    }

    async fn reencrypt_passwords(
        &self,
        transaction: &Transaction,
        result: &mut Reencrypted,
    ) -> Result<(), StorageError> {
        let rows: Vec<(Uuid, Vec<u8>)> = monitored_database::Entity::find()
            .select_only()
            .columns([monitored_database::Column::Id, monitored_database::Column::EncryptedPassword])
            .filter(monitored_database::Column::EncryptedPassword.is_not_null())
            .into_tuple()
            .all(transaction)
            .await?;
        for (id, blob) in rows {
            match result.count(self.reencrypt_secret(id, &blob).await) {
                Reencryption::Changed(renewed) => {
                    let changes = monitored_database::ActiveModel {
                        id: Unchanged(id),
                        encrypted_password: Set(Some(renewed)),
                        ..Default::default()
                    };
                    changes.update(transaction).await?;
                }
                Reencryption::Unreadable => result.unreadable.push(DatabaseId(id)),
                Reencryption::Unchanged => {}
            }
        }
        Ok(())
    }

    async fn reencrypt_second_factors(
        &self,
        transaction: &Transaction,
        result: &mut Reencrypted,
    ) -> Result<(), StorageError> {
        for row in totp::Entity::find().all(transaction).await? {
            match result.count(self.reencrypt_secret(row.user_id, &row.secret).await) {
                Reencryption::Changed(renewed) => {
                    let changes = totp::ActiveModel {
                        user_id: Unchanged(row.user_id),
                        secret: Set(renewed),
                        ..Default::default()
                    };
                    changes.update(transaction).await?;
                }
                Reencryption::Unreadable => result.unreadable_totp.push(row.user_id),
                Reencryption::Unchanged => {}
            }
        }
        Ok(())
    }

    /// Encrypts the secret of `id` in `blob` with the current key.
    async fn reencrypt_secret(&self, id: Uuid, blob: &[u8]) -> Reencryption {
        if self.cipher.is_current(blob) {
            return Reencryption::Unchanged;
        }
        let id = DatabaseId(id);
        let Ok(secret) = self.cipher.decrypt(id, blob).await else { return Reencryption::Unreadable };
        self.cipher.encrypt(id, &secret).await.map_or(Reencryption::Unreadable, Reencryption::Changed)
    }
}

impl Reencrypted {
    fn count(&mut self, secret: Reencryption) -> Reencryption {
        match secret {
            Reencryption::Changed(_) => self.changed += 1,
            Reencryption::Unchanged => self.unchanged += 1,
            Reencryption::Unreadable => {}
        }
        secret
    }
}
