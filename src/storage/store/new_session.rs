//! A session about to be stored.

use basira_actors::model::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use uuid::Uuid;

use crate::storage::StorageError;
use crate::storage::entity::refresh_token;

/// A refresh token about to be handed out.
#[derive(Debug, Clone)]
pub struct NewRefreshToken {
    pub token_hash: String,
    pub expires_at: Timestamp,
}

/// A session about to be started, which is a family of refresh tokens: its id, and the first of them.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    pub token: NewRefreshToken,
}

/// Stores a token of the session `family_id`.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    family_id: Uuid,
    user_id: Uuid,
    token: NewRefreshToken,
) -> Result<(), StorageError> {
    let row = refresh_token::ActiveModel {
        id: Set(Uuid::now_v7()),
        family_id: Set(family_id),
        user_id: Set(user_id),
        token_hash: Set(token.token_hash),
        expires_at: Set(token.expires_at.into()),
        used_at: Set(None),
        revoked_at: Set(None),
    };
    row.insert(connection).await?;
    Ok(())
}
