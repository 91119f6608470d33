//! What runs on a database at one instant.

use serde::Serialize;

use super::Timestamp;

/// One session at work, as `GET /databases/{id}/active` and the live stream show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveQuery {
    /// The backend; null on ClickHouse, whose queries have a `query_id`.
    pub pid: Option<i64>,
    /// Normalised: literals are gone. Null when the role may not see it.
    pub query_text: Option<String>,
    /// 16 hex digits; the same as in `/queries`.
    pub query_hash: Option<String>,
    pub state: Option<String>,
    pub wait_event_type: Option<String>,
    pub wait_event: Option<String>,
    /// Since `query_start`.
    pub duration_ms: Option<i64>,
    /// Age of the open transaction.
    pub transaction_ms: Option<i64>,
    pub blocking_pids: Vec<i64>,
    pub user_name: Option<String>,
    pub database_name: Option<String>,
    pub application_name: Option<String>,
    pub client_addr: Option<String>,
    pub backend_type: Option<String>,
    pub ts: Timestamp,
    /// ClickHouse only.
    #[serde(flatten)]
    pub work: Option<QueryWork>,
}

/// What a running query of ClickHouse has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueryWork {
    pub query_id: Option<String>,
    /// The node that runs it.
    pub host_name: Option<String>,
    /// In bytes, now.
    pub memory_usage: Option<i64>,
    /// In bytes, at most so far.
    pub peak_memory_usage: Option<i64>,
    pub read_rows: Option<i64>,
    pub read_bytes: Option<i64>,
    pub written_rows: Option<i64>,
    pub written_bytes: Option<i64>,
    /// How many rows it will read, as the server guesses.
    pub total_rows_approx: Option<i64>,
}

/// Everything that ran at `at`, longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivitySnapshot {
    /// The server's clock.
    pub at: Timestamp,
    pub queries: Vec<ActiveQuery>,
}

impl ActivitySnapshot {
    /// How many queries run, and for how many milliseconds the longest has: sessions that are idle are none.
    #[must_use]
    pub fn active(&self) -> (Option<usize>, Option<i64>) {
        let active = || self.queries.iter().filter(|query| query.state.as_deref() == Some("active"));
        (Some(active().count()), active().filter_map(|query| query.duration_ms).max())
    }
}
