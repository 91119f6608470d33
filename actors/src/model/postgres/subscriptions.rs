//! Logical subscriptions.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One worker of a subscription, or a subscription without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    pub subscription_name: String,
    pub database_name: Option<String>,
    pub enabled: Option<bool>,
    /// Null before PostgreSQL 17.
    pub worker_type: Option<String>,
    /// Null when no worker runs.
    pub pid: Option<i64>,
    /// The oid of the table that the worker copies.
    pub table_oid: Option<i64>,
    pub received_lsn: Option<String>,
    pub latest_end_lsn: Option<String>,
    /// WAL received and not reported as applied yet.
    pub pending_bytes: Option<i64>,
    pub last_msg_sent: Option<Timestamp>,
    pub last_msg_received: Option<Timestamp>,
    pub latest_end: Option<Timestamp>,
    /// Counters since `stats_reset`; null before PostgreSQL 15, conflicts before 18.
    pub apply_error_count: Option<i64>,
    pub sync_error_count: Option<i64>,
    pub conflict_count: Option<i64>,
    pub stats_reset: Option<Timestamp>,
    pub ts: Timestamp,
}

/// Every subscription of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    pub subscriptions: Vec<Subscription>,
}

impl Snapshot for SubscriptionSnapshot {}
