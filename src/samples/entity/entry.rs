//! Who a series is.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub database_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    /// Hashes are stored as the `i64` of the same bits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i64,
    pub group_hash: i64,
    pub organization_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    /// When the series was last known to have samples.
    pub seen_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
