//! Tables of a ClickHouse server, their size and parts.

use std::sync::Arc;

use crate::model::common::{Snapshot, Timestamp};

/// One table on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// The series in the stream of parts.
    pub series: u64,
    pub host_name: Arc<str>,
    pub database: Arc<str>,
    pub table: Arc<str>,
    pub engine: Arc<str>,
    /// None for engines that do not count rows, such as views.
    pub rows: Option<i64>,
    /// In memory for tables that are kept there.
    pub bytes: Option<i64>,
    /// Only for the `MergeTree` family.
    pub parts: Option<TableParts>,
}

/// The active parts of one table on one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableParts {
    pub partitions: i64,
    pub active_parts: i64,
    pub bytes_compressed: i64,
    pub bytes_uncompressed: i64,
    pub max_parts_in_partition: i64,
    /// The id of the partition with most parts. Unlike its value, it reveals no data.
    pub fullest_partition: Option<Arc<str>>,
    /// When its newest part was written.
    pub modified_at: Option<Timestamp>,
    /// The numbers of parts in one partition that delay and reject inserts; settings of the table take precedence.
    pub parts_to_delay_insert: Option<i64>,
    pub parts_to_throw_insert: Option<i64>,
    /// None when they were not counted.
    pub detached_parts: Option<i64>,
}

/// Every table, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsSnapshot {
    /// The server's clock.
    pub at: Timestamp,
    pub tables: Vec<StoredTable>,
}

impl Snapshot for PartsSnapshot {}
