//! Who waited for what lock, and for whom.

use super::{Stream, last, word};

/// What each look found waited for, and what was held of the same. A series is one lock of a pid:
/// `(pid + 1) * 16 + number`; 0 is the look itself.
pub static LOCKS: Stream = Stream {
    name: "locks",
    columns: &[
        word("lock_type"),
        word("mode"),
        word("schema_name"),
        word("relation_name"),
        word("blocking_pids"),
        word("query_text"),
        word("state"),
        word("user_name"),
        word("database_name"),
        word("application_name"),
        word("prepared_transaction"),
        last("granted"),
        last("blocked_by_pid"),
        last("leader_pid"),
        last("duration_ms"),
        last("transaction_ms"),
    ],
};
