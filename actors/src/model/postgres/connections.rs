//! Who is connected to a server.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// Sessions of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionCount {
    /// A state, a database, a user or an application; null when not known or not set.
    pub name: Option<String>,
    pub count: i64,
}

/// The sessions of clients at `ts`, as `GET /databases/{id}/connections` shows them. Our own count: they take a slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionSnapshot {
    /// The server's clock.
    pub ts: Timestamp,
    pub total: i64,
    pub active: i64,
    pub idle: i64,
    /// Also those whose transaction has failed.
    pub idle_in_transaction: i64,
    /// Waiting for a lock.
    pub waiting: i64,
    pub max_connections: i64,
    pub superuser_reserved_connections: i64,
    /// From PostgreSQL 16 on.
    pub reserved_connections: Option<i64>,
    /// Of `max_connections`.
    pub used_pct: Option<f64>,
    pub oldest_transaction_ms: Option<i64>,
    pub longest_idle_in_transaction_ms: Option<i64>,
    /// Most first, like the three below.
    pub by_state: Vec<ConnectionCount>,
    pub by_database: Vec<ConnectionCount>,
    pub by_user: Vec<ConnectionCount>,
    pub by_application: Vec<ConnectionCount>,
}

impl Snapshot for ConnectionSnapshot {}
