//! A record of the tail that is being shipped to another server, and with which others.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_shipment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub database_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub at_ms: i64,
    pub organization_id: Uuid,
    pub shipment_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
