//! Who waits for what lock, and who holds it.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One lock that is waited for or held, as `GET /databases/{id}/locks` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// 0 for a prepared transaction, which has no process.
    pub pid: i64,
    pub lock_type: Option<String>,
    pub mode: Option<String>,
    pub schema_name: Option<String>,
    /// Null in other databases of the server. Of a wait for another transaction: the table of the row that both want.
    pub relation_name: Option<String>,
    pub granted: bool,
    /// The one to look at first: does not itself wait, if there is such a one.
    pub blocked_by_pid: Option<i64>,
    /// Everyone in the way: who holds the lock in a conflicting mode, and who waits for it in front.
    pub blocking_pids: Vec<i64>,
    /// Held, and somebody waits for it.
    pub blocks_others: bool,
    /// How long it has been waited for; of a lock that is held, how old the transaction is.
    pub duration_ms: Option<i64>,
    pub transaction_ms: Option<i64>,
    /// Normalised: literals are gone. Null when the role may not see it.
    pub query_text: Option<String>,
    /// 16 hex digits; the same as in `/queries`.
    pub query_hash: Option<String>,
    /// As in `pg_stat_activity`, or `prepared`.
    pub state: Option<String>,
    pub user_name: Option<String>,
    pub database_name: Option<String>,
    pub application_name: Option<String>,
    /// Of a parallel worker: the session that it works for.
    pub leader_pid: Option<i64>,
    /// What `COMMIT PREPARED` and `ROLLBACK PREPARED` call it.
    pub prepared_transaction: Option<String>,
    pub ts: Timestamp,
}

impl Lock {
    /// The session that it belongs to.
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
    /// In order: see [`in_order`].
    pub locks: Vec<Lock>,
    /// How many there were; `locks` has the first 2000.
    pub total: usize,
}

impl Snapshot for LockSnapshot {}

/// Those that are waited for, then those that others wait for, then the rest; longest first.
pub fn in_order(locks: &mut [Lock]) {
    locks.sort_by_key(|lock| (lock.granted, !lock.blocks_others, Reverse(lock.duration_ms), lock.pid));
}
