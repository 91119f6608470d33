//! Tokens sent by mail, or handed out by the operator: each is used once.

use basira_actors::model::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::storage::entity::{email_token, organization, user_account};
use crate::storage::timestamp::TimestampMs;
use crate::storage::{Storage, StorageError};

/// What such a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Proving that the address is one's own.
    VerifyEmail,
    /// Setting a new password.
    ResetPassword,
    /// Logging in without a password.
    LogIn,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify",
            Self::ResetPassword => "reset",
            Self::LogIn => "login",
        }
    }
}

/// A token about to be sent.
#[derive(Debug, Clone)]
pub struct NewEmailToken {
    pub user_id: Uuid,
    pub purpose: Purpose,
    pub token_hash: String,
    pub expires_at: Timestamp,
}

impl Storage {
    /// Remembers a token that is about to be sent.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn insert_email_token(&self, token: NewEmailToken) -> Result<(), StorageError> {
        let row = email_token::ActiveModel {
            id: Set(Uuid::now_v7()),
            user_id: Set(token.user_id),
            kind: Set(token.purpose.as_str().to_owned()),
            token_hash: Set(token.token_hash),
            expires_at: Set(token.expires_at.into()),
            used_at: Set(None),
        };
        let transaction = self.begin().await?;
        row.insert(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Spends a verification token: its owner's address is proved and the organization verified. Says who
    /// that is; `None` when the
    /// token is unknown, expired or spent. Across tenants: the token itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn verify_email(&self, token_hash: &str, now: Timestamp) -> Result<Option<Uuid>, StorageError> {
        let transaction = self.begin().await?;
        let Some(user_id) = spend(&transaction, Purpose::VerifyEmail, token_hash, now).await? else {
            return Ok(None);
        };
        let Some(user) = user_account::Entity::find_by_id(user_id).one(&transaction).await? else {
            return Ok(None);
        };
        let verified = user_account::ActiveModel {
            id: Set(user_id),
            email_verified_at: Set(Some(now.into())),
            updated_at: Set(now.into()),
            ..Default::default()
        };
        verified.update(&transaction).await?;
        let lifted = organization::ActiveModel {
            id: Set(user.organization_id),
            verified: Set(true),
            ..Default::default()
        };
        lifted.update(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(user_id))
    }
}

/// The owner of the token, if it was good until now.
pub(super) async fn spend(
    connection: &impl ConnectionTrait,
    purpose: Purpose,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<Uuid>, StorageError> {
    let changes = email_token::ActiveModel { used_at: Set(Some(now.into())), ..Default::default() };
    let spent = email_token::Entity::update_many()
        .set(changes)
        .filter(is_good(purpose, token_hash, now))
        .exec_with_returning(connection)
        .await?;
    Ok(spent.first().map(|token| token.user_id))
}

/// What is so of a token that can be spent.
pub(super) fn is_good(purpose: Purpose, token_hash: &str, now: Timestamp) -> Condition {
    Condition::all()
        .add(email_token::Column::TokenHash.eq(token_hash))
        .add(email_token::Column::Kind.eq(purpose.as_str()))
        .add(email_token::Column::UsedAt.is_null())
        .add(email_token::Column::ExpiresAt.gt(TimestampMs::from(now)))
}

/// Forgets the tokens of a person that stand for a password, which is about to be replaced.
pub(super) async fn delete_those_for_password(
    connection: &impl ConnectionTrait,
    user_id: Uuid,
) -> Result<(), StorageError> {
    let kinds = [Purpose::ResetPassword, Purpose::LogIn].map(Purpose::as_str);
    email_token::Entity::delete_many()
        .filter(email_token::Column::Kind.is_in(kinds))
        .filter(email_token::Column::UserId.eq(user_id))
        .exec(connection)
        .await?;
    Ok(())
}
