//! Replicated tables of a ClickHouse server and their replication queues.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// All replicated tables of the nodes that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// The server's clock.
    pub at: Timestamp,
    pub replicas: Vec<Replica>,
}

impl Snapshot for Replicas {}

/// One replicated table on one node. Null where the version does not report a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replica {
    pub database: String,
    pub table: String,
    pub host_name: String,
    pub replica_name: Option<String>,
    /// Whether it may assign merges.
    pub is_leader: Option<bool>,
    pub is_readonly: Option<bool>,
    pub readonly_since: Option<Timestamp>,
    /// Whether the session with Keeper expired.
    pub is_session_expired: Option<bool>,
    /// The delay to the other replicas.
    pub absolute_delay_seconds: Option<i64>,
    pub queue_size: Option<i64>,
    pub inserts_in_queue: Option<i64>,
    pub merges_in_queue: Option<i64>,
    pub part_mutations_in_queue: Option<i64>,
    /// When the oldest entry of the queue was created; null when the queue is empty.
    pub queue_oldest_time: Option<Timestamp>,
    pub future_parts: Option<i64>,
    pub parts_to_check: Option<i64>,
    /// The number since the server started.
    pub lost_part_count: Option<i64>,
    /// Exceptions are without literals.
    pub last_queue_update_exception: Option<String>,
    pub keeper_exception: Option<String>,
    /// By type, largest count first.
    pub queue: Vec<QueueEntries>,
}

/// Entries of one type in the queue of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueEntries {
    /// `GET_PART`, `MERGE_PARTS`, `MUTATE_PART`, ..
    #[serde(rename = "type")]
    pub kind: String,
    pub entries: i64,
    pub executing: Option<i64>,
    pub oldest_at: Option<Timestamp>,
    /// The maximum of all entries.
    pub most_tries: Option<i64>,
    pub most_postponed: Option<i64>,
    pub last_exception: Option<String>,
    pub postpone_reason: Option<String>,
}

impl Replicas {
    /// Returns the delay of the table that is furthest behind.
    #[must_use]
    pub fn worst_delay_seconds(&self) -> Option<i64> {
        self.replicas.iter().filter_map(|replica| replica.absolute_delay_seconds).max()
    }
}
