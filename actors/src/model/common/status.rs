//! The status of a database and of its collectors.

use serde::Serialize;

use super::Timestamp;

/// Whether a database is connected: the last poll succeeded within three intervals, at least 15 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Connected,
    Disconnected,
}

/// The current status of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseStatus {
    pub status: Status,
    pub last_seen_at: Option<Timestamp>,
    /// The cause and how to fix it; never a secret.
    pub last_error: Option<String>,
    pub engine_version: Option<String>,
}

/// The result of the last run of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectorState {
    Ok,
    /// Cannot run on this server as it is; `reason` and `fix` give the cause and the remedy. Also before the first run.
    Skipped,
    Failing,
    Disabled,
}

/// The status of one collector, as `GET /databases/{id}/collectors` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectorStatus {
    pub name: &'static str,
    pub enabled: bool,
    pub interval_seconds: u64,
    pub state: CollectorState,
    pub reason: Option<String>,
    pub fix: Option<String>,
    /// Whether rows are hidden from the role.
    #[serde(skip)]
    pub hides: bool,
    pub last_success_at: Option<Timestamp>,
    /// When it succeeded for the first time in this process.
    #[serde(skip)]
    pub first_success_at: Option<Timestamp>,
    pub last_duration_ms: Option<u64>,
    /// The number of rows that the last successful run read.
    pub rows: Option<u64>,
    pub runs: u64,
    pub failures: u64,
    pub next_run_at: Option<Timestamp>,
}
