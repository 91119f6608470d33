//! The streams that the collectors fill and the API reads.

use super::sample::{Column, ColumnKind, Stream};

const fn sum(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Sum }
}

const fn last(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Last }
}

const fn word(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Word }
}

/// What each statement cost between two polls. A series is (user, database, queryid, toplevel), a group one fingerprint.
pub static STATEMENTS: Stream = Stream {
    name: "statements",
    columns: &[
        sum("calls"),
        sum("total_time_us"),
        sum("rows"),
        sum("shared_blks_hit"),
        sum("shared_blks_read"),
        sum("shared_blks_dirtied"),
        sum("shared_blks_written"),
        sum("temp_blks_read"),
        sum("temp_blks_written"),
        sum("blk_read_time_us"),
        sum("blk_write_time_us"),
        sum("wal_records"),
        sum("wal_fpi"),
        sum("wal_bytes"),
        sum("plans"),
        sum("plan_time_us"),
        sum("jit_functions"),
        sum("jit_time_us"),
        last("min_time_us"),
        last("max_time_us"),
        last("stddev_time_us"),
    ],
};

/// Who was doing what at each look. A series is a pid.
pub static ACTIVITY: Stream = Stream {
    name: "activity",
    columns: &[
        word("query_text"),
        word("state"),
        word("wait_event_type"),
        word("wait_event"),
        word("user_name"),
        word("database_name"),
        word("application_name"),
        word("client_addr"),
        word("backend_type"),
        word("blocking_pids"),
        last("duration_ms"),
        last("transaction_ms"),
    ],
};

/// Every stream there is.
pub static ALL: [&Stream; 2] = [&ACTIVITY, &STATEMENTS];

/// The stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.into_iter().find(|stream| stream.name == name)
}
