//! What one poll added to one stream, not yet sealed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_tail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub database_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub at_ms: i64,
    pub from_ms: i64,
    pub organization_id: Uuid,
    pub record: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
