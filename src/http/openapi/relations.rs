//! Tables and indexes.

use super::endpoint::{Endpoint, get};

const TABLE: &str = "database_name schema_name table_name seq_scan:integer? seq_tup_read:integer? idx_scan:integer? \
    n_tup_ins:integer? n_tup_upd:integer? n_tup_del:integer? n_tup_hot_upd:integer? n_live_tup:integer? n_dead_tup:integer? \
    last_vacuum:time? last_autovacuum:time? last_analyze:time? last_autoanalyze:time? table_size_bytes:integer? \
    toast_size_bytes:integer? index_size_bytes:integer? total_size_bytes:integer? size_is_exact:boolean ts:time";
const INDEX: &str = "database_name schema_name table_name index_name idx_scan:integer? idx_tup_read:integer? \
    idx_tup_fetch:integer? size_bytes:integer? size_is_exact:boolean index_def? is_unique:boolean? is_primary:boolean? \
    is_valid:boolean? is_ready:boolean? constraint_backed:boolean? last_idx_scan:time? ts:time";
const OVER_TIME: &str = "bucket_seconds:integer timeseries:objects gaps:objects";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/tables", "Tables as the server counts them")
            .query("sort_by", "{size|dead_tuples|seq_scans|live_tuples|index_size}", "size if not given")
            .limit(50, 500)
            .database()
            .list(TABLE),
        get("/api/v1/databases/{id}/tables/{schema}/{name}", "One table over time")
            .window()
            .database()
            .object(&format!("{TABLE} indexes:objects? parts:objects? {OVER_TIME}")),
        get("/api/v1/databases/{id}/indexes", "Indexes as the server counts them")
            .query("sort_by", "{size|scans|tuples_read}", "size if not given")
            .limit(50, 500)
            .database()
            .list(INDEX),
        get(
            "/api/v1/databases/{id}/indexes/unused",
            "Indexes without a scan, larger than 1 MB, that nothing needs",
        )
        .limit(50, 500)
        .database()
        .list(INDEX),
        get("/api/v1/databases/{id}/indexes/duplicates", "Indexes that do what another one does already")
            .limit(50, 500)
            .database()
            .list("database_name"),
        get("/api/v1/databases/{id}/indexes/invalid", "Indexes that cost writes and help no read")
            .limit(50, 500)
            .database()
            .list(INDEX),
        get("/api/v1/databases/{id}/indexes/{schema}/{name}", "One index over time")
            .window()
            .database()
            .object(&format!("{INDEX} {OVER_TIME}")),
        get("/api/v1/databases/{id}/index-advice", "Indexes that statements would be faster with")
            .limit(50, 500)
            .list("database_name gain_pct:number"),
    ]
}
