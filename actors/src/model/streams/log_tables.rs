//! How large the tables are in which a ClickHouse server logs.

use super::{Stream, last, word};

/// Each log table at each look. A series is a node and a table.
pub static LOG_TABLES: Stream = Stream {
    name: "log_tables",
    columns: &[word("host_name"), word("name"), last("rows"), last("bytes"), last("parts"), last("has_ttl")],
};
