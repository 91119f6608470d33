//! What a health rule advises to do about one object.

use sea_orm::entity::prelude::*;

use crate::storage::timestamp::TimestampMs;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recommendation")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub database_id: Uuid,
    pub rule_id: String,
    pub object: String,
    pub status: String,
    pub severity: String,
    pub category: String,
    pub title: String,
    pub detail: String,
    pub recommendation: String,
    pub how_to_investigate: String,
    pub how_to_fix: String,
    pub value: f64,
    pub opened_at: TimestampMs,
    pub updated_at: TimestampMs,
    pub resolved_at: Option<TimestampMs>,
    pub dismissed_at: Option<TimestampMs>,
    pub dismissed_by: Option<Uuid>,
    pub dismiss_reason: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
