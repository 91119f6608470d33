//! Who was doing what.

use super::{Stream, last, word};

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
