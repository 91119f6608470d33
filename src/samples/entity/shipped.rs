//! The end of the newest record of a stream that has arrived on another server.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_shipped")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub database_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    pub organization_id: Uuid,
    pub newest_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
