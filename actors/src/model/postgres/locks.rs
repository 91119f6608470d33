//! Locks that sessions hold or wait for.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One lock that a session holds or waits for, as `GET /databases/{id}/locks` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// 0 for a prepared transaction, which has no process.
    pub pid: i64,
    pub lock_type: Option<String>,
    pub mode: Option<String>,
    pub schema_name: Option<String>,
    /// Null for locks in other databases of the server. For a wait on a transaction, the table of the row it locked.
    pub relation_name: Option<String>,
    pub granted: bool,
    /// The blocking session to look at first: one that does not wait itself, if there is one.
    pub blocked_by_pid: Option<i64>,
    /// All blocking sessions: those that hold the lock in a conflicting mode, and those ahead in the wait queue.
    pub blocking_pids: Vec<i64>,
    /// Whether it is held and another session waits for it.
    pub blocks_others: bool,
    /// How long the session has been waiting; for a granted lock, the age of the transaction.
    pub duration_ms: Option<i64>,
    pub transaction_ms: Option<i64>,
    /// Normalised, without literals. Null when the role may not read it.
    pub query_text: Option<String>,
    /// 16 hex digits; the same as in `/queries`.
    pub query_hash: Option<String>,
    /// As in `pg_stat_activity`, or `prepared`.
    pub state: Option<String>,
    pub user_name: Option<String>,
    pub database_name: Option<String>,
    pub application_name: Option<String>,
    /// The leader of a parallel worker.
    pub leader_pid: Option<i64>,
    /// The identifier of a prepared transaction, as `COMMIT PREPARED` and `ROLLBACK PREPARED` take it.
    pub prepared_transaction: Option<String>,
    pub ts: Timestamp,
}

impl Lock {
    /// Returns the pid of the session that the lock belongs to.
    #[must_use]
    pub fn session(&self) -> i64 {
        self.leader_pid.unwrap_or(self.pid)
    }
}

/// The locks of a server at `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockSnapshot {
    /// The server's clock.
    pub at: Timestamp,
    /// Sorted by [`in_order`].
    pub locks: Vec<Lock>,
    /// The number of locks; `locks` has the first 2000.
    pub total: usize,
}

impl Snapshot for LockSnapshot {}

/// Sorts locks: first those that are waited for, then those that block others, then the rest; longest first.
pub fn in_order(locks: &mut [Lock]) {
    locks.sort_by_key(|lock| (lock.granted, !lock.blocks_others, Reverse(lock.duration_ms), lock.pid));
}
