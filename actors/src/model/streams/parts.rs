//! How ClickHouse tables grow.

use super::{Stream, last, word};

/// How much each table of ClickHouse held whenever that changed, and once an hour; the last two columns are only known of
/// tables that have parts. A series is (host, database, table).
pub static PARTS: Stream = Stream {
    name: "parts",
    columns: &[
        last("rows"),
        last("bytes_on_disk"),
        last("active_parts"),
        last("max_parts_in_partition"),
        word("database_name"),
        word("table_name"),
        word("host_name"),
    ],
};
