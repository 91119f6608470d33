//! Tables and indexes.

use super::endpoint::{Endpoint, get};
use super::fields::{Named, named};

/// Fields within parentheses are of one engine only.
const TABLE: &str = "database_name schema_name table_name seq_scan:integer? seq_tup_read:integer? idx_scan:integer? \
    n_tup_ins:integer? n_tup_upd:integer? n_tup_del:integer? n_tup_hot_upd:integer? heap_blks_read:integer? \
    heap_blks_hit:integer? n_live_tup:integer? n_dead_tup:integer? n_mod_since_analyze:integer? last_vacuum:time? \
    last_autovacuum:time? last_analyze:time? last_autoanalyze:time? table_size_bytes:integer? toast_size_bytes:integer? \
    index_size_bytes:integer? total_size_bytes:integer? size_is_exact:boolean ts:time \
    (host_name hosts:integer engine partitions:integer? active_parts:integer? bytes_compressed:integer? \
    bytes_uncompressed:integer? compression_ratio:number? max_parts_in_partition:integer?)";
const INDEX: &str = "database_name schema_name table_name index_name idx_scan:integer? idx_tup_read:integer? \
    idx_tup_fetch:integer? idx_blks_read:integer? idx_blks_hit:integer? size_bytes:integer? size_is_exact:boolean index_def? \
    is_unique:boolean? is_primary:boolean? is_valid:boolean? is_ready:boolean? constraint_backed:boolean? \
    last_idx_scan:time? ts:time";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Table", TABLE),
        named(
            "TableDetail",
            &format!(
                "{TABLE} indexes:Index[]? (parts:Part[]) bucket_seconds:integer timeseries:TablePoint[] gaps:Gap[]"
            ),
        ),
        named(
            "TablePoint",
            "ts:time (seq_scan:integer? seq_tup_read:integer? idx_scan:integer? n_tup_ins:integer? n_tup_upd:integer? \
             n_tup_del:integer? n_tup_hot_upd:integer? heap_blks_read:integer? heap_blks_hit:integer? n_live_tup:integer? \
             n_dead_tup:integer? n_mod_since_analyze:integer? last_vacuum:time? last_autovacuum:time? last_analyze:time? \
             last_autoanalyze:time? table_size_bytes:integer?) \
             (rows:integer? bytes_on_disk:integer? active_parts:integer? max_parts_in_partition:integer?)",
        ),
        named("Index", INDEX),
        named("UnusedIndex", &format!("{INDEX} used_on_standby:boolean? stats_age_days:number")),
        named("IndexDetail", &format!("{INDEX} bucket_seconds:integer timeseries:IndexPoint[] gaps:Gap[]")),
        named(
            "IndexPoint",
            "ts:time idx_scan:integer? idx_tup_read:integer? idx_tup_fetch:integer? idx_blks_read:integer? \
             idx_blks_hit:integer? size_bytes:integer?",
        ),
        named(
            "NeedlessIndexes",
            "database_name schema_name table_name reason={duplicate|redundant} keep drop:string[] \
             reclaimable_bytes:integer indexes:Index[]",
        ),
        named(
            "IndexAdvice",
            "database_name schema_name table_name columns:string[] statements:HelpedQuery[] cost_before:number \
             cost_after:number? gain_pct:number estimated_size_bytes:integer? writes_per_second:number? \
             evidence={hypopg|hypothesis} note? create_sql ts:time",
        ),
        named("HelpedQuery", "query_hash:hash cost_before:number cost_after:number? gain_pct:number"),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/tables", "Tables as the server counts them")
            .query("sort_by", "{size|dead_tuples|seq_scans|live_tuples|index_size}", "size if not given")
            .limit(50, 500)
            .database()
            .list("Table"),
        get("/api/v1/databases/{id}/tables/{schema}/{name}", "One table over time")
            .window()
            .database()
            .object("TableDetail"),
        get("/api/v1/databases/{id}/indexes", "Indexes as the server counts them")
            .query("sort_by", "{size|scans|tuples_read}", "size if not given")
            .limit(50, 500)
            .database()
            .list("Index"),
        get(
            "/api/v1/databases/{id}/indexes/unused",
            "Indexes without a scan, larger than 1 MB, that nothing needs",
        )
        .limit(50, 500)
        .database()
        .list("UnusedIndex"),
        get("/api/v1/databases/{id}/indexes/duplicates", "Indexes that do what another one does already")
            .limit(50, 500)
            .database()
            .list("NeedlessIndexes"),
        get("/api/v1/databases/{id}/indexes/invalid", "Indexes that cost writes and help no read")
            .limit(50, 500)
            .database()
            .list("Index"),
        get("/api/v1/databases/{id}/indexes/{schema}/{name}", "One index over time")
            .window()
            .database()
            .object("IndexDetail"),
        get("/api/v1/databases/{id}/index-advice", "Indexes that statements would be faster with")
            .limit(50, 500)
            .list("IndexAdvice"),
    ]
}
