//! Vacuum: tables that need it, its progress, and what holds it back.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One table and the thresholds that start an autovacuum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VacuumTable {
    pub database_name: String,
    pub schema_name: String,
    pub table_name: String,
    /// False when disabled for the table: then autovacuum runs only to prevent wraparound.
    pub autovacuum_enabled: bool,
    pub live_tuples: Option<i64>,
    pub dead_tuples: Option<i64>,
    /// The number of dead tuples that starts an autovacuum.
    pub vacuum_trigger: Option<i64>,
    pub vacuum_trigger_pct: Option<i64>,
    pub inserted_since_vacuum: Option<i64>,
    /// The number of inserted tuples that starts one; null when that is disabled.
    pub insert_trigger: Option<i64>,
    pub insert_trigger_pct: Option<i64>,
    /// The age of the table or of its TOAST table, whichever is older.
    pub xid_age: Option<i64>,
    pub mxid_age: Option<i64>,
    pub toast_xid_age: Option<i64>,
    /// The age that starts an autovacuum to prevent wraparound.
    pub freeze_max_age: Option<i64>,
    pub freeze_pct: Option<i64>,
    pub mxid_freeze_pct: Option<i64>,
    /// Whether dead tuples, inserts or age exceed their threshold.
    pub due: bool,
    pub last_vacuum: Option<Timestamp>,
    pub last_autovacuum: Option<Timestamp>,
}

/// The tables of one database that need vacuum most, by dead tuples, inserts and age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VacuumTables {
    pub at: Timestamp,
    pub tables: Vec<VacuumTable>,
}

impl Snapshot for VacuumTables {}

/// One VACUUM, ANALYZE, CREATE INDEX or CLUSTER in progress.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub command: String,
    pub pid: i64,
    pub database_name: Option<String>,
    /// Null when the table is in a database other than the one connected to.
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub phase: Option<String>,
    /// Blocks of a phase whose progress is counted in blocks.
    pub blocks_total: Option<i64>,
    pub blocks_done: Option<i64>,
    pub progress_pct: Option<f64>,
    pub index_vacuum_count: Option<i64>,
    /// Dead tuples collected; null for other commands.
    pub dead_items: Option<i64>,
    /// The limit: in tuples until PostgreSQL 16, in bytes from 17 on.
    pub max_dead_tuples: Option<i64>,
    pub max_dead_tuple_bytes: Option<i64>,
    pub dead_tuple_bytes: Option<i64>,
    pub indexes_total: Option<i64>,
    pub indexes_processed: Option<i64>,
    /// Time slept because of cost limits; PostgreSQL 18 with `track_cost_delay_timing`.
    pub delay_time_ms: Option<f64>,
    pub is_autovacuum: Option<bool>,
    /// Whether it was started to prevent wraparound: then it is not cancelled for other sessions.
    pub is_wraparound: Option<bool>,
    pub started_at: Option<Timestamp>,
}

/// All commands in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressSnapshot {
    pub at: Timestamp,
    pub running: Vec<Progress>,
}

impl Snapshot for ProgressSnapshot {}

/// The age of the oldest transaction ids of one database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatabaseAge {
    pub database_name: String,
    pub xid_age: i64,
    /// The share of the 2^31 at which ids wrap around.
    pub xid_pct: f64,
    /// The share of `autovacuum_freeze_max_age`.
    pub xid_freeze_pct: f64,
    pub mxid_age: i64,
    pub mxid_pct: f64,
    pub mxid_freeze_pct: f64,
}

/// Something that prevents dead rows from being removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct XminHolder {
    /// `backend`, `prepared_transaction`, `replication_slot` or `standby`.
    pub kind: String,
    /// The name of the transaction, slot or standby; the role and application of a backend.
    pub holder: Option<String>,
    pub pid: Option<i64>,
    pub database_name: Option<String>,
    /// The state of a backend, such as `idle in transaction`.
    pub state: Option<String>,
    pub age_xids: i64,
    /// Whether only rows of system catalogs are kept for it, as for a logical slot.
    #[serde(skip)]
    pub holds_catalogs_only: bool,
    /// When its transaction began or it became idle, where that is known.
    pub since: Option<Timestamp>,
}

/// The ages of transaction ids and the holders of the oldest ones; oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct XidHorizon {
    pub at: Timestamp,
    pub databases: Vec<DatabaseAge>,
    pub holders: Vec<XminHolder>,
}

impl Snapshot for XidHorizon {}
