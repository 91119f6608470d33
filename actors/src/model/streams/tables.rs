//! What happened to tables.

use super::{Stream, last, sum, word};

/// What happened to each table between two polls. A series is (database, schema, name).
pub static TABLES: Stream = Stream {
    name: "tables",
    columns: &[
        sum("seq_scan"),
        sum("seq_tup_read"),
        sum("n_tup_ins"),
        sum("n_tup_upd"),
        sum("n_tup_del"),
        sum("n_tup_hot_upd"),
        sum("heap_blks_read"),
        sum("heap_blks_hit"),
        last("n_live_tup"),
        last("n_dead_tup"),
        last("n_mod_since_analyze"),
        last("last_vacuum_at_ms"),
        last("last_autovacuum_at_ms"),
        last("last_analyze_at_ms"),
        last("last_autoanalyze_at_ms"),
        last("table_size_bytes"),
        word("schema_name"),
        word("table_name"),
        word("database_name"),
    ],
};
