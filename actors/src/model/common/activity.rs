//! The sessions and queries running on a database at one instant.

use serde::Serialize;

use super::Timestamp;

/// One active session, as `GET /databases/{id}/active` and the live stream show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveQuery {
    /// The process id of the backend; null on ClickHouse, whose queries have a `query_id`.
    pub pid: Option<i64>,
    /// Normalised, without literals. Null when the role may not read it.
    pub query_text: Option<String>,
    /// 16 hex digits; the same as in `/queries`.
    pub query_hash: Option<String>,
    pub state: Option<String>,
    pub wait_event_type: Option<String>,
    pub wait_event: Option<String>,
    /// The time since `query_start`.
    pub duration_ms: Option<i64>,
    /// The age of the open transaction.
    pub transaction_ms: Option<i64>,
    pub blocking_pids: Vec<i64>,
    pub user_name: Option<String>,
    pub database_name: Option<String>,
    pub application_name: Option<String>,
    pub client_addr: Option<String>,
    pub backend_type: Option<String>,
    pub ts: Timestamp,
    /// Only on ClickHouse.
    #[serde(flatten)]
    pub work: Option<QueryWork>,
}

/// The progress and resource use of a running ClickHouse query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueryWork {
    pub query_id: Option<String>,
    /// The node that runs the query.
    pub host_name: Option<String>,
    /// The current memory use in bytes.
    pub memory_usage: Option<i64>,
    /// The peak memory use so far in bytes.
    pub peak_memory_usage: Option<i64>,
    pub read_rows: Option<i64>,
    pub read_bytes: Option<i64>,
    pub written_rows: Option<i64>,
    pub written_bytes: Option<i64>,
    /// The estimated number of rows that the query reads in total.
    pub total_rows_approx: Option<i64>,
}

/// Everything that was running at `at`, longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivitySnapshot {
    /// The server's clock.
    pub at: Timestamp,
    pub queries: Vec<ActiveQuery>,
}

impl ActivitySnapshot {
    /// Returns the number of running queries and the longest duration in milliseconds. Idle sessions do not count.
    #[must_use]
    pub fn active(&self) -> (Option<usize>, Option<i64>) {
        let active = || self.queries.iter().filter(|query| query.state.as_deref() == Some("active"));
        (Some(active().count()), active().filter_map(|query| query.duration_ms).max())
    }
}
