//! Client sessions of a server.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// The number of sessions with the same property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionCount {
    /// The state, database, user or application; null when not known or not set.
    pub name: Option<String>,
    pub count: i64,
}

/// The client sessions at `ts`, as `GET /databases/{id}/connections` shows them. Those of Basira count, too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionSnapshot {
    /// The server's clock.
    pub ts: Timestamp,
    pub total: i64,
    pub active: i64,
    pub idle: i64,
    /// Includes sessions whose transaction has failed.
    pub idle_in_transaction: i64,
    /// Waiting for a lock.
    pub waiting: i64,
    pub max_connections: i64,
    pub superuser_reserved_connections: i64,
    /// PostgreSQL 16 and later.
    pub reserved_connections: Option<i64>,
    /// The share of `max_connections` in use.
    pub used_pct: Option<f64>,
    pub oldest_transaction_ms: Option<i64>,
    pub longest_idle_in_transaction_ms: Option<i64>,
    /// Largest count first, as in the three lists below.
    pub by_state: Vec<ConnectionCount>,
    pub by_database: Vec<ConnectionCount>,
    pub by_user: Vec<ConnectionCount>,
    pub by_application: Vec<ConnectionCount>,
}

impl Snapshot for ConnectionSnapshot {}
