//! How a database and each of its collectors are doing.

use serde::Serialize;

use super::Timestamp;

/// `connected`: the last poll of the base collectors succeeded within three intervals (at least 15 s).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Connected,
    Disconnected,
}

/// What is known of a database now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseStatus {
    pub status: Status,
    pub last_seen_at: Option<Timestamp>,
    /// Names the cause and the fix; never a secret.
    pub last_error: Option<String>,
    pub engine_version: Option<String>,
}

/// What a collector's last run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectorState {
    Ok,
    /// Cannot work on this server as it is; `reason` and `fix` say why and what would help. Also: not run yet.
    Skipped,
    Failing,
    Disabled,
}

/// One line of `GET /databases/{id}/collectors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectorStatus {
    pub name: &'static str,
    pub enabled: bool,
    pub interval_seconds: u64,
    pub state: CollectorState,
    pub reason: Option<String>,
    pub fix: Option<String>,
    pub last_success_at: Option<Timestamp>,
    /// Since when this process has read from it.
    #[serde(skip)]
    pub first_success_at: Option<Timestamp>,
    pub last_duration_ms: Option<u64>,
    /// Rows that the last successful run read.
    pub rows: Option<u64>,
    pub runs: u64,
    pub failures: u64,
    pub next_run_at: Option<Timestamp>,
}
