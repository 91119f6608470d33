//! A stretch without trustworthy samples.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_gap")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub database_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_ms: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_ms: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    pub organization_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
