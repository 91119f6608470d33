//! Cumulative counters of the whole server.

use crate::model::common::{Snapshot, Timestamp};
use crate::model::streams;

/// The counters of `pg_stat_wal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalCounters {
    /// The server's clock.
    pub at: Timestamp,
    pub reset_at: Option<Timestamp>,
    /// In the order of the stream's columns.
    pub values: [i64; streams::WAL.columns.len()],
}

impl Snapshot for WalCounters {}

/// The counters of `pg_stat_io`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoCounters {
    /// The server's clock.
    pub at: Timestamp,
    pub rows: Vec<IoCounterRow>,
}

impl Snapshot for IoCounters {}

/// One row of `pg_stat_io`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoCounterRow {
    pub backend_type: String,
    pub object: String,
    pub context: String,
    /// In the order of the stream's columns; the text columns are the three above.
    pub values: [i64; streams::IO.columns.len()],
}
