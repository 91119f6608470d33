//! What the tables of a ClickHouse server hold, and in how many parts.

use std::sync::Arc;

use crate::model::common::{Snapshot, Timestamp};

/// One table on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// By which the store knows it.
    pub series: u64,
    pub host_name: Arc<str>,
    pub database: Arc<str>,
    pub table: Arc<str>,
    pub engine: Arc<str>,
    /// None for what does not count its rows, such as a view.
    pub rows: Option<i64>,
    /// In memory, for a table that is kept there.
    pub bytes: Option<i64>,
    /// Of the `MergeTree` family only.
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
    /// The id of the partition with most parts: unlike its value, it tells nothing of what is stored.
    pub fullest_partition: Option<Arc<str>>,
    /// When its newest part was written.
    pub modified_at: Option<Timestamp>,
    /// As many parts in one partition slow inserts down, and as many refuse them; the table's own limits if it has some.
    pub parts_to_delay_insert: Option<i64>,
    pub parts_to_throw_insert: Option<i64>,
    /// None when not counted.
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
