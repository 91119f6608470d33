//! Replication of a server: its standbys and slots.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// The replication state of a server, in the form of `GET /databases/{id}/replication`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replication {
    /// The server's clock.
    pub ts: Timestamp,
    pub is_replica: bool,
    /// WAL received or announced but not replayed yet; null on a primary.
    pub replication_lag_bytes: Option<i64>,
    /// 0 when everything announced is replayed; null on a primary.
    pub replication_lag_seconds: Option<f64>,
    /// The upstream server of a standby; null on a primary and without a WAL receiver.
    pub upstream_host: Option<String>,
    pub upstream_port: Option<i64>,
    /// The status of the WAL receiver, such as `streaming`.
    pub receiver_status: Option<String>,
    pub receiver_slot_name: Option<String>,
    /// Null on a primary.
    pub replay_paused: Option<bool>,
    pub slots: Vec<Slot>,
    /// The standbys of this server, which may be a standby itself.
    pub standbys: Vec<Standby>,
}

impl Snapshot for Replication {}

/// One row of `pg_replication_slots`; null where the version has no such column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slot {
    pub slot_name: String,
    /// `physical` or `logical`.
    pub slot_type: Option<String>,
    pub plugin: Option<String>,
    pub database: Option<String>,
    pub temporary: bool,
    pub active: bool,
    pub active_pid: Option<i64>,
    /// WAL retained for the slot; null for a slot that is lost or retains nothing yet.
    pub lag_bytes: Option<i64>,
    /// WAL that the consumer of a logical slot has not confirmed.
    pub unconfirmed_bytes: Option<i64>,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub wal_status: Option<String>,
    /// How much more WAL may be written before the slot is lost; null without `max_slot_wal_keep_size`.
    pub safe_wal_size: Option<i64>,
    pub two_phase: Option<bool>,
    /// PostgreSQL 16 and later.
    pub conflicting: Option<bool>,
    /// These four: PostgreSQL 17 and later.
    pub inactive_since: Option<Timestamp>,
    pub invalidation_reason: Option<String>,
    pub failover: Option<bool>,
    pub synced: Option<bool>,
}

impl Slot {
    /// Returns whether the WAL that it needs was removed.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.wal_status.as_deref() == Some("lost")
    }
}

/// One row of `pg_stat_replication`; all but the first three fields are null for a role that may not read them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standby {
    pub pid: i64,
    pub application_name: Option<String>,
    pub user_name: Option<String>,
    pub client_addr: Option<String>,
    pub state: Option<String>,
    pub sync_state: Option<String>,
    pub sent_lag_bytes: Option<i64>,
    pub write_lag_bytes: Option<i64>,
    pub flush_lag_bytes: Option<i64>,
    pub replay_lag_bytes: Option<i64>,
    pub write_lag_seconds: Option<f64>,
    pub flush_lag_seconds: Option<f64>,
    pub replay_lag_seconds: Option<f64>,
    pub reply_time: Option<Timestamp>,
}
