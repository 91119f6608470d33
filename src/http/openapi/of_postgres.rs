//! The inside of PostgreSQL.

use super::endpoint::{Endpoint, get};

const WAL: &str = "ts:time? wal_records:integer? wal_fpi:integer? wal_bytes:integer? wal_buffers_full:integer? wal_write:integer? \
    wal_sync:integer? wal_write_time_ms:number? wal_sync_time_ms:number?";
const IO: &str = "ts:time backend_type? object? context? reads:integer? read_bytes:integer? read_time_ms:number? writes:integer? \
    write_bytes:integer? write_time_ms:number? writebacks:integer? writeback_time_ms:number? extends:integer? \
    extend_bytes:integer? extend_time_ms:number? hits:integer? evictions:integer? reuses:integer? fsyncs:integer? \
    fsync_time_ms:number?";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/archiver", "Whether finished WAL files get away")
            .window()
            .object("archived:integer? failed:integer? reason?"),
        get("/api/v1/databases/{id}/bgwriter", "Checkpoints and who wrote buffers, over time").window().list(
            "ts:time checkpoints_timed:integer? checkpoints_req:integer? checkpoint_write_time_ms:number? \
             checkpoint_sync_time_ms:number? buffers_checkpoint:integer? buffers_clean:integer? maxwritten_clean:integer? \
             buffers_backend:integer? buffers_backend_fsync:integer? buffers_alloc:integer?",
        ),
        get("/api/v1/databases/{id}/connections", "Who is connected, against how many may be")
            .window()
            .object("now:object? unavailable? bucket_seconds:integer timeseries:objects"),
        get("/api/v1/databases/{id}/database-stats", "What each database of the server did, and how large and old it is")
            .window()
            .list("ts:time database_name? tps:number? cache_hit_ratio:number?"),
        get("/api/v1/databases/{id}/database-stats/timeseries", "What each database of the server did, over time")
            .buckets()
            .database()
            .list("ts:time database_name? tps:number? cache_hit_ratio:number?"),
        get("/api/v1/databases/{id}/extensions", "What is installed in each database, and what is outdated")
            .list("database_name"),
        get("/api/v1/databases/{id}/io-stats", "What was read and written, by kind of backend, object and context").list(IO),
        get("/api/v1/databases/{id}/io-stats/timeseries", "What was read and written, over time").window().list(IO),
        get("/api/v1/databases/{id}/replication", "Who follows whom, and how far behind").object(
            "ts:time? is_replica:boolean? replication_lag_bytes:integer? replication_lag_seconds:number? upstream_host? \
             slots:objects standbys:objects replicas:objects",
        ),
        get("/api/v1/databases/{id}/replication/history", "How far behind, over time")
            .buckets()
            .list("ts:time lag_bytes:integer? lag_seconds:number?"),
        get("/api/v1/databases/{id}/replication/slots/history", "How far behind each slot is, over time")
            .buckets()
            .list("ts:time slot_name? lag_bytes:integer?"),
        get("/api/v1/databases/{id}/sequences", "How far sequences have come, the furthest first")
            .limit(100, 500)
            .list("used_pct:number?"),
        get("/api/v1/databases/{id}/subscriptions", "The workers of logical subscriptions").list(""),
        get("/api/v1/databases/{id}/vacuum", "What vacuum does, what it should do, and what keeps it from it")
            .limit(50, 500)
            .object(
                "ts:time? running:objects tables:objects databases:objects oldest_xmin:objects settings:object \
                 limitations:strings",
            ),
        get("/api/v1/databases/{id}/wal-stats", "How much WAL the server wrote since the counters were reset")
            .object(&format!("{WAL} stats_reset:time?")),
        get("/api/v1/databases/{id}/wal-stats/timeseries", "How much WAL the server wrote, over time").window().list(WAL),
    ]
}
