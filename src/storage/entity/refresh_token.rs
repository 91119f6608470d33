//! A refresh token; a family is what one login grew into.

use sea_orm::entity::prelude::*;

use crate::storage::timestamp::TimestampMs;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub family_id: Uuid,
    pub user_id: Uuid,
    pub token_hash: String,
    pub expires_at: TimestampMs,
    pub used_at: Option<TimestampMs>,
    pub revoked_at: Option<TimestampMs>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
