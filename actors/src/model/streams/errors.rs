//! Which errors a ClickHouse server met.

use super::{Stream, last, sum, word};

/// How often each error happened between two looks, where any did. A series is (node, code, name, remote).
pub static ERRORS: Stream = Stream {
    name: "errors",
    columns: &[
        word("host_name"),
        last("code"),
        word("name"),
        last("is_remote"),
        sum("count"),
        last("last_error_at_ms"),
        word("message"),
    ],
};
