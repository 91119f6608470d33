//! Refresh tokens: each is used once, and one used twice takes its whole family with it.

use basira_actors::model::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    UpdateResult,
};
use uuid::Uuid;

use super::accounts::accounts;
use super::new_session::{NewRefreshToken, insert};
use super::{Account, User};
use crate::storage::entity::{refresh_token, user_account};
use crate::storage::{Storage, StorageError};

/// What came of an attempt to trade a refresh token for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The token is spent and the next one stored.
    Rotated { session_id: Uuid, account: Box<Account> },
    /// It was spent before: someone else has a copy, so its family is revoked now.
    Reused(EndedSession),
    /// Unknown, expired or revoked.
    Refused,
}

/// A session that is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    pub session_id: Uuid,
    pub user_id: Uuid,
}

impl Storage {
    /// Starts a session, which is a family of refresh tokens, with `token`.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn start_session(
        &self,
        session_id: Uuid,
        user_id: Uuid,
        token: NewRefreshToken,
    ) -> Result<(), StorageError> {
        let transaction = self.begin().await?;
        insert(&transaction, session_id, user_id, token).await?;
        Ok(transaction.commit().await?)
    }

    /// As [`Self::start_session`], unless the password of `user` was changed since `user` was read: then false. So nobody
    /// who logs in with the old password while it is changed stays logged in.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn start_session_of(
        &self,
        session_id: Uuid,
        user: &User,
        token: NewRefreshToken,
    ) -> Result<bool, StorageError> {
        let transaction = self.begin().await?;
        let unchanged = user_account::Entity::find_by_id(user.id)
            .filter(user_account::Column::PasswordHash.eq(&user.password_hash))
            .lock_shared();
        if unchanged.one(&transaction).await?.is_none() {
            return Ok(false);
        }
        insert(&transaction, session_id, user.id, token).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Spends the token with `hash` and stores `next` in its family, atomically: of two that try the same token at
    /// once, one wins. Across tenants: the token itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn rotate_refresh_token(
        &self,
        hash: &str,
        next: NewRefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, StorageError> {
        let transaction = self.begin().await?;
        let query = refresh_token::Entity::find().filter(refresh_token::Column::TokenHash.eq(hash));
        let Some(token) = query.one(&transaction).await? else { return Ok(Rotation::Refused) };
        if token.expires_at <= now.into() {
            return Ok(Rotation::Refused);
        }
        // The claim waits for a rival's transaction, so all that is read after it is settled.
        let claimed = claim(&transaction, token.id, now).await?;
        if is_revoked(&transaction, token.family_id).await? {
            return Ok(Rotation::Refused);
        }
        if !claimed {
            revoke(&transaction, token.family_id, now).await?;
            transaction.commit().await?;
            let ended = EndedSession { session_id: token.family_id, user_id: token.user_id };
            return Ok(Rotation::Reused(ended));
        }
        insert(&transaction, token.family_id, token.user_id, next).await?;
        let account = accounts().filter(user_account::Column::Id.eq(token.user_id)).one(&transaction).await?;
        transaction.commit().await?;
        Ok(account.and_then(Account::from_row).map_or(Rotation::Refused, |account| Rotation::Rotated {
            session_id: token.family_id,
            account: account.into(),
        }))
    }

    /// Ends a session: its refresh tokens are revoked. An unknown one is no error.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn end_session(&self, session_id: Uuid, now: Timestamp) -> Result<(), StorageError> {
        let transaction = self.begin().await?;
        revoke(&transaction, session_id, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends the session of the token with `hash`, and says which and whose it was; an unknown one is no error. Across
    /// tenants, as above.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn end_session_of(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<EndedSession>, StorageError> {
        let transaction = self.begin().await?;
        let query = refresh_token::Entity::find().filter(refresh_token::Column::TokenHash.eq(hash));
        let Some(token) = query.one(&transaction).await? else { return Ok(None) };
        revoke(&transaction, token.family_id, now).await?;
        transaction.commit().await?;
        Ok(Some(EndedSession { session_id: token.family_id, user_id: token.user_id }))
    }
}

/// Marks the token as used; false when it was already.
async fn claim(connection: &impl ConnectionTrait, id: Uuid, now: Timestamp) -> Result<bool, StorageError> {
    let changes = refresh_token::ActiveModel { used_at: Set(Some(now.into())), ..Default::default() };
    let result: UpdateResult = refresh_token::Entity::update_many()
        .set(changes)
        .filter(refresh_token::Column::Id.eq(id))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(connection)
        .await?;
    Ok(result.rows_affected == 1)
}

/// A family with one revoked token is revoked: a token that was being added meanwhile counts for nothing.
async fn is_revoked(connection: &impl ConnectionTrait, family_id: Uuid) -> Result<bool, StorageError> {
    let revoked = refresh_token::Entity::find()
        .filter(refresh_token::Column::FamilyId.eq(family_id))
        .filter(refresh_token::Column::RevokedAt.is_not_null());
    Ok(revoked.count(connection).await? > 0)
}

/// Ends the sessions of a person, except one.
pub(super) async fn revoke_sessions(
    connection: &impl ConnectionTrait,
    user_id: Uuid,
    except: Option<Uuid>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let changes = refresh_token::ActiveModel { revoked_at: Set(Some(now.into())), ..Default::default() };
    refresh_token::Entity::update_many()
        .set(changes)
        .filter(refresh_token::Column::UserId.eq(user_id))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .filter(Condition::all().add_option(except.map(|family| refresh_token::Column::FamilyId.ne(family))))
        .exec(connection)
        .await?;
    Ok(())
}

async fn revoke(
    connection: &impl ConnectionTrait,
    family_id: Uuid,
    now: Timestamp,
) -> Result<(), StorageError> {
    let changes = refresh_token::ActiveModel { revoked_at: Set(Some(now.into())), ..Default::default() };
    refresh_token::Entity::update_many()
        .set(changes)
        .filter(refresh_token::Column::FamilyId.eq(family_id))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}
