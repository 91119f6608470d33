//! The second factor of a person.

use sea_orm::entity::prelude::*;

use crate::storage::timestamp::TimestampMs;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// Sealed.
    pub secret: Vec<u8>,
    pub last_step: i64,
    pub created_at: TimestampMs,
    pub confirmed_at: Option<TimestampMs>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
