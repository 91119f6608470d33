//! Who was doing what.

use super::{Stream, last, word};

/// Who was doing what at each look. A series is a pid, or the hash of host and `query_id`.
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
        // ClickHouse only
        word("query_id"),
        word("host_name"),
        last("memory_usage"),
        last("peak_memory_usage"),
        last("read_rows"),
        last("read_bytes"),
        last("written_rows"),
        last("written_bytes"),
        last("total_rows_approx"),
        // the two halves of a query_id that is a UUID, instead of the word: each query has one of its own
        last("query_id_high"),
        last("query_id_low"),
    ],
};
