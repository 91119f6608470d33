//! One table as the API shows it.

use serde::Serialize;

use super::super::lookup::Bucket;
use crate::views::json_cells::GapRow;
use crate::views::relations::indexes::IndexLine;
use crate::views::relations::parts::PartsLine;
use crate::views::relations::tables::TableLine;

#[derive(Serialize)]
pub(super) struct TableDetail {
    #[serde(flatten)]
    pub(super) table: TableLine,
    /// Null on ClickHouse, as is what only PostgreSQL counts.
    pub(super) indexes: Option<Vec<IndexLine>>,
    /// ClickHouse only: on each of its nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<Vec<PartsLine>>,
    pub(super) bucket_seconds: i64,
    pub(super) timeseries: Vec<Bucket>,
    pub(super) gaps: Vec<GapRow>,
}
