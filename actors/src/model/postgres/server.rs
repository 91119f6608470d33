//! The identity of a server, its databases and its archiver.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// Views whose counters are reset together, in the order of [`ServerIdentity::resets`].
pub const RESET_VIEWS: [&str; 6] = [
    "pg_stat_bgwriter",
    "pg_stat_checkpointer",
    "pg_stat_wal",
    "pg_stat_io",
    "pg_stat_archiver",
    "pg_stat_statements",
];

/// The properties that identify a server and a run of its server process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// The server's clock.
    pub at: Timestamp,
    /// The same on a primary and its physical standbys.
    pub system_identifier: Option<String>,
    /// For display: `16.14`.
    pub version: String,
    pub started_at: Timestamp,
    pub in_recovery: bool,
    pub timeline: Option<i64>,
    /// When the counters of each of [`RESET_VIEWS`] were reset.
    pub resets: [Option<Timestamp>; RESET_VIEWS.len()],
}

impl Snapshot for ServerIdentity {}

/// The values of one database that are not counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseState {
    /// Null for the objects that all databases share.
    pub database_name: Option<String>,
    pub numbackends: Option<i64>,
    /// -1: no limit.
    pub connection_limit: Option<i64>,
    /// Measured every few minutes; null where the role may not read it.
    pub size_bytes: Option<i64>,
    pub xid_age: Option<i64>,
    pub mxid_age: Option<i64>,
    pub stats_reset: Option<Timestamp>,
    /// Since `stats_reset`; null without checksums.
    #[serde(skip)]
    pub checksum_failures: Option<i64>,
    #[serde(skip)]
    pub checksum_last_failure: Option<Timestamp>,
}

/// Every database of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseStates {
    /// The server's clock.
    pub at: Timestamp,
    pub databases: Vec<DatabaseState>,
}

impl Snapshot for DatabaseStates {}

/// The values of `pg_stat_archiver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Archiver {
    /// The server's clock.
    pub ts: Timestamp,
    /// `off`, `on` or `always`.
    pub archive_mode: Option<String>,
    pub archived_count: Option<i64>,
    pub last_archived_wal: Option<String>,
    pub last_archived: Option<Timestamp>,
    pub failed_count: Option<i64>,
    pub last_failed_wal: Option<String>,
    pub last_failed: Option<Timestamp>,
    /// Whether the last attempt failed; null when there was none.
    pub failing: Option<bool>,
    pub stats_reset: Option<Timestamp>,
}

impl Snapshot for Archiver {}
