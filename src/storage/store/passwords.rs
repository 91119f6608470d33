//! Replacing passwords, and ending what was begun with the old one.

use basira_actors::model::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoCondition;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, UpdateResult};
use uuid::Uuid;

use super::accounts::accounts;
use super::email_tokens::{delete_those_for_password, is_good, spend};
use super::refresh_tokens::revoke_sessions;
use super::{Account, Purpose, User};
use crate::storage::entity::{email_token, identity, user_account};
use crate::storage::{Storage, StorageError};

/// A password that was replaced by way of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    pub account: Account,
    /// How many identities at providers were taken away.
    pub unlinked: u64,
}

impl Storage {
    /// Whether a reset token could be spent now. Across tenants: the token itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn can_reset_password(&self, token_hash: &str, now: Timestamp) -> Result<bool, StorageError> {
        let good = email_token::Entity::find().filter(is_good(Purpose::ResetPassword, token_hash, now));
        Ok(good.one(&self.reader).await?.is_some())
    }

    /// Spends a reset token: its owner has the new password, no session, no identity at a provider, and no other token to
    /// reset it or log in. `None` when the token is unknown, expired or spent.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn reset_password(
        &self,
        token_hash: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<PasswordReset>, StorageError> {
        let transaction = self.begin().await?;
        let Some(user_id) = spend(&transaction, Purpose::ResetPassword, token_hash, now).await? else {
            return Ok(None);
        };
        let query = accounts().filter(user_account::Column::Id.eq(user_id));
        let Some(account) = query.one(&transaction).await?.and_then(Account::from_row) else {
            return Ok(None);
        };
        set_hash(&transaction, user_id, Condition::all(), password_hash, now).await?;
        delete_those_for_password(&transaction, user_id).await?;
        revoke_sessions(&transaction, user_id, None, now).await?;
        let its_own = identity::Entity::delete_many().filter(identity::Column::UserId.eq(user_id));
        let unlinked = its_own.exec(&transaction).await?.rows_affected;
        transaction.commit().await?;
        Ok(Some(PasswordReset { account, unlinked }))
    }

    /// Replaces the password hash of `user` and ends all sessions but `session_id`; tokens to reset it or log in are void. False
    /// when the hash changed since `user` was read.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn change_password(
        &self,
        user: &User,
        session_id: Uuid,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let transaction = self.begin().await?;
        let unchanged = user_account::Column::PasswordHash.eq(&user.password_hash);
        if !set_hash(&transaction, user.id, unchanged.into_condition(), password_hash, now).await? {
            return Ok(false);
        }
        delete_those_for_password(&transaction, user.id).await?;
        revoke_sessions(&transaction, user.id, Some(session_id), now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// False when `so` is not so.
async fn set_hash(
    connection: &impl ConnectionTrait,
    user_id: Uuid,
    so: Condition,
    hash: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let changes = user_account::ActiveModel {
        password_hash: Set(hash.to_owned()),
        updated_at: Set(now.into()),
        ..Default::default()
    };
    let result: UpdateResult = user_account::Entity::update_many()
        .set(changes)
        .filter(user_account::Column::Id.eq(user_id))
        .filter(so)
        .exec(connection)
        .await?;
    Ok(result.rows_affected == 1)
}
