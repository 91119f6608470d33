//! What was read and written, and by whom.

use super::{Stream, sum, word};

/// I/O of the whole server between two polls, where there was any. A series is (backend type, object, context).
pub static IO: Stream = Stream {
    name: "io",
    columns: &[
        word("backend_type"),
        word("object"),
        word("context"),
        sum("reads"),
        sum("read_bytes"),
        sum("read_time_us"),
        sum("writes"),
        sum("write_bytes"),
        sum("write_time_us"),
        sum("writebacks"),
        sum("writeback_time_us"),
        sum("extends"),
        sum("extend_bytes"),
        sum("extend_time_us"),
        sum("hits"),
        sum("evictions"),
        sum("reuses"),
        sum("fsyncs"),
        sum("fsync_time_us"),
    ],
};
