//! A stretch of one stream, sealed: sorted by series, packed, with sums beside.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sample_segment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub database_id: Uuid,
    pub organization_id: Uuid,
    pub stream: String,
    /// Milliseconds per record after rolling up; 0 is raw.
    pub resolution: i32,
    /// Shared by the segments that hold the same records at different resolutions; none until these are rolled up.
    pub rollup_id: Option<Uuid>,
    /// The earliest start, the earliest end, the latest start and the latest end of the records it was made of.
    pub first_ms: i64,
    pub first_end_ms: i64,
    pub last_start_ms: i64,
    pub last_ms: i64,
    pub row_count: i64,
    /// All of it: head, sums and blocks.
    pub size_bytes: i64,
    pub head: Vec<u8>,
    /// Empty for a resolution of which another one has them.
    pub sums: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
