//! Second factors: one encrypted secret per person; each time step of it and each recovery code is good once.

use std::time::Duration;

use basira_actors::model::{DatabaseId, Secret, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, DeleteResult, EntityTrait, PaginatorTrait,
    QueryFilter, UpdateResult,
};
use uuid::Uuid;

use crate::storage::encryption::DecryptError;
use crate::storage::entity::{recovery_code, totp};
use crate::storage::timestamp::TimestampMs;
use crate::storage::{Storage, StorageError};

/// How long an enrolment may wait to be confirmed.
pub const ENROLMENT_LIFETIME: Duration = Duration::from_secs(3_600);

/// The second factor of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTotp {
    /// In Base32.
    pub secret: Secret,
    /// Whether it counts: the person has shown a code of it.
    pub confirmed: bool,
}

/// The second factors of one person, known to be in the caller's organization.
#[derive(Debug, Clone, Copy)]
pub struct SecondFactor<'a> {
    storage: &'a Storage,
    user_id: Uuid,
}

impl Storage {
    /// The second factor of a person.
    #[must_use]
    pub const fn second_factor(&self, user_id: Uuid) -> SecondFactor<'_> {
        SecondFactor { storage: self, user_id }
    }
}

impl SecondFactor<'_> {
    /// What is stored of it.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read or the secret not be decrypted.
    pub async fn find(&self) -> Result<Option<StoredTotp>, StorageError> {
        let found = totp::Entity::find_by_id(self.user_id).one(&self.storage.reader).await?;
        let Some(row) = found else { return Ok(None) };
        let secret = self.storage.cipher.decrypt(self.cipher_id(), &row.secret).await.map_err(unreadable)?;
        Ok(Some(StoredTotp { secret, confirmed: row.confirmed_at.is_some() }))
    }

    /// Stores a secret that does not count before it is confirmed. False when one counts already.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn enrol(&self, secret: &Secret, now: Timestamp) -> Result<bool, StorageError> {
        let transaction = self.storage.begin_encrypting().await?;
        let unconfirmed = totp::Column::ConfirmedAt.is_null();
        totp::Entity::delete_many().filter(self.own()).filter(unconfirmed).exec(&transaction).await?;
        if totp::Entity::find_by_id(self.user_id).one(&transaction).await?.is_some() {
            return Ok(false);
        }
        let encrypted = self.storage.cipher.encrypt(self.cipher_id(), secret).await.map_err(unreadable)?;
        let row = totp::ActiveModel {
            user_id: Set(self.user_id),
            secret: Set(encrypted),
            last_step: Set(0),
            created_at: Set(now.into()),
            confirmed_at: Set(None),
        };
        row.insert(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Lets the enrolled secret count from now on, with `code_hashes` to recover by. False when there is none to confirm.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn confirm(
        &self,
        step: i64,
        code_hashes: Vec<String>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let changes = totp::ActiveModel {
            last_step: Set(step),
            confirmed_at: Set(Some(now.into())),
            ..Default::default()
        };
        let confirmed: UpdateResult = totp::Entity::update_many()
            .set(changes)
            .filter(self.own())
            .filter(totp::Column::ConfirmedAt.is_null())
            .filter(totp::Column::CreatedAt.gt(TimestampMs::from(now - ENROLMENT_LIFETIME)))
            .exec(&transaction)
            .await?;
        if confirmed.rows_affected != 1 {
            return Ok(false);
        }
        let rows = code_hashes.into_iter().map(|code_hash| recovery_code::ActiveModel {
            id: Set(Uuid::now_v7()),
            user_id: Set(self.user_id),
            code_hash: Set(code_hash),
        });
        recovery_code::Entity::insert_many(rows).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Spends a time step and those before it; false when it was spent.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn spend_step(&self, step: i64) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let changes = totp::ActiveModel { last_step: Set(step), ..Default::default() };
        let spent: UpdateResult = totp::Entity::update_many()
            .set(changes)
            .filter(self.own())
            .filter(totp::Column::LastStep.lt(step))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(spent.rows_affected == 1)
    }

    /// Spends a recovery code; false when there is no such code left.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn spend_recovery_code(&self, code_hash: &str) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let spent: DeleteResult = recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::UserId.eq(self.user_id))
            .filter(recovery_code::Column::CodeHash.eq(code_hash))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(spent.rows_affected == 1)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn recovery_codes_left(&self) -> Result<u64, StorageError> {
        let own = recovery_code::Entity::find().filter(recovery_code::Column::UserId.eq(self.user_id));
        Ok(own.count(&self.storage.reader).await?)
    }

    /// Forgets the secret and its recovery codes; false when there were none.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn remove(&self) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let removed: DeleteResult = totp::Entity::delete_many().filter(self.own()).exec(&transaction).await?;
        let codes = recovery_code::Column::UserId.eq(self.user_id);
        recovery_code::Entity::delete_many().filter(codes).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(removed.rows_affected == 1)
    }

    fn own(&self) -> sea_orm::sea_query::Expr {
        totp::Column::UserId.eq(self.user_id)
    }

    /// Ids are unique among everything that is encrypted.
    const fn cipher_id(&self) -> DatabaseId {
        DatabaseId(self.user_id)
    }
}

fn unreadable(error: DecryptError) -> StorageError {
    StorageError::Database(DbErr::Custom(error.to_string()))
}

/// Forgets enrolments that were never confirmed.
pub(super) async fn prune(connection: &impl ConnectionTrait, now: Timestamp) -> Result<(), StorageError> {
    totp::Entity::delete_many()
        .filter(totp::Column::ConfirmedAt.is_null())
        .filter(totp::Column::CreatedAt.lte(TimestampMs::from(now - ENROLMENT_LIFETIME)))
        .exec(connection)
        .await?;
    Ok(())
}
