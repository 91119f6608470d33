//! The tables in which a ClickHouse server logs.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::{Snapshot, Timestamp};

/// One of them on one node; null where the server does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogTable {
    pub host_name: String,
    pub name: String,
    /// The table that this was until the server put it aside, at an upgrade or a change of its definition.
    pub left_over_of: Option<String>,
    pub rows: i64,
    pub bytes_on_disk: i64,
    pub parts: i64,
    /// `2026-01-31`; null for a table that is not partitioned by day or month.
    pub oldest_day: Option<String>,
    pub newest_day: Option<String>,
    /// From the oldest to the newest.
    #[serde(skip)]
    pub days: Option<i64>,
    pub has_ttl: Option<bool>,
    /// As the server writes it: `event_date + toIntervalDay(30)`.
    pub ttl: Option<String>,
    /// The column that a TTL can be made of.
    #[serde(skip)]
    pub date_column: Option<String>,
}

impl LogTable {
    /// Its series in the stream of log tables.
    #[must_use]
    pub fn series(&self) -> u64 {
        xxh3_64(format!("{}\0{}", self.host_name, self.name).as_bytes())
    }
}

/// All of them, by node and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTables {
    /// The server's clock.
    pub at: Timestamp,
    pub tables: Vec<LogTable>,
}

impl Snapshot for LogTables {}
