//! Which server answers at an address.

use super::{Stream, last, word};

/// Who the server is and when its counters began; written when that changes. The server is one series.
pub static SERVER: Stream = Stream {
    name: "server",
    columns: &[
        word("system_identifier"),
        word("version"),
        last("started_at_ms"),
        last("in_recovery"),
        last("timeline"),
        last("bgwriter_reset_at_ms"),
        last("checkpointer_reset_at_ms"),
        last("wal_reset_at_ms"),
        last("io_reset_at_ms"),
        last("archiver_reset_at_ms"),
        last("statements_reset_at_ms"),
    ],
};
