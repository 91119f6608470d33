//! What happened to indexes.

use super::{Stream, last, sum, word};

/// What each index was used for between two polls. A series is (database, schema, name).
pub static INDEXES: Stream = Stream {
    name: "indexes",
    columns: &[
        sum("idx_scan"),
        sum("idx_tup_read"),
        sum("idx_tup_fetch"),
        sum("idx_blks_read"),
        sum("idx_blks_hit"),
        last("size_bytes"),
        word("schema_name"),
        word("index_name"),
        word("table_name"),
        word("database_name"),
    ],
};
