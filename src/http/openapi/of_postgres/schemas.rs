//! What the inside of PostgreSQL is shown as.

use crate::http::openapi::fields::{Named, named};

const ARCHIVER: &str = "ts:time? archive_mode? archived_count:integer? last_archived_wal? last_archived:time? \
    failed_count:integer? last_failed_wal? last_failed:time? failing:boolean? stats_reset:time? archived:integer? \
    failed:integer? reason?";
const BGWRITER: &str = "ts:time checkpoints_timed:integer? checkpoints_req:integer? checkpoint_write_time_ms:number? \
    checkpoint_sync_time_ms:number? buffers_checkpoint:integer? buffers_clean:integer? maxwritten_clean:integer? \
    buffers_backend:integer? buffers_backend_fsync:integer? buffers_alloc:integer? restartpoints_timed:integer? \
    restartpoints_req:integer? restartpoints_done:integer? checkpoints_done:integer? slru_written:integer?";
const CONNECTIONS: &str = "ts:time total:integer active:integer idle:integer idle_in_transaction:integer waiting:integer \
    max_connections:integer superuser_reserved_connections:integer reserved_connections:integer? used_pct:number? \
    oldest_transaction_ms:integer? longest_idle_in_transaction_ms:integer? by_state:ConnectionCount[] \
    by_database:ConnectionCount[] by_user:ConnectionCount[] by_application:ConnectionCount[]";
const CONNECTIONS_POINT: &str = "ts:time total:integer? active:integer? idle:integer? idle_in_transaction:integer? \
    waiting:integer? max_connections:integer?";
const DATABASE: &str =
    "numbackends:integer? connection_limit:integer? size_bytes:integer? xid_age:integer? mxid_age:integer?";
const DATABASE_DID: &str = "ts:time database_name? tps:number? cache_hit_ratio:number? commits:integer? rollbacks:integer? \
    blks_read:integer? blks_hit:integer? tup_returned:integer? tup_fetched:integer? tup_inserted:integer? \
    tup_updated:integer? tup_deleted:integer? conflicts:integer? temp_files:integer? temp_bytes:integer? deadlocks:integer? \
    checksum_failures:integer? blk_read_time_ms:number? blk_write_time_ms:number? session_time_ms:number? \
    active_time_ms:number? idle_in_transaction_time_ms:number? sessions:integer? sessions_abandoned:integer? \
    sessions_fatal:integer? sessions_killed:integer? conflicts_tablespace:integer? conflicts_lock:integer? \
    conflicts_snapshot:integer? conflicts_bufferpin:integer? conflicts_deadlock:integer?";
const IO: &str = "ts:time reads:integer? read_bytes:integer? read_time_ms:number? writes:integer? write_bytes:integer? \
    write_time_ms:number? writebacks:integer? writeback_time_ms:number? extends:integer? extend_bytes:integer? \
    extend_time_ms:number? hits:integer? evictions:integer? reuses:integer? fsyncs:integer? fsync_time_ms:number?";
const SEQUENCE: &str = "database_name schema_name sequence_name data_type increment:integer cycle:boolean \
    last_value:integer? limit_value:integer used_pct:number? remaining:integer? limited_by={sequence|column} table_name? \
    column_name? column_type? ts:time";
const SUBSCRIPTION: &str = "subscription_name database_name? enabled:boolean? worker_type? pid:integer? table_oid:integer? \
    received_lsn? latest_end_lsn? pending_bytes:integer? last_msg_sent:time? last_msg_received:time? latest_end:time? \
    apply_error_count:integer? sync_error_count:integer? conflict_count:integer? stats_reset:time? ts:time";
const WAL: &str = "wal_records:integer? wal_fpi:integer? wal_bytes:integer? wal_buffers_full:integer? wal_write:integer? \
    wal_sync:integer? wal_write_time_ms:number? wal_sync_time_ms:number?";

pub(in super::super) fn schemas() -> Vec<Named> {
    let mut schemas = vec![
        named("Archiver", ARCHIVER),
        named("BgwriterPoint", BGWRITER),
        named(
            "Connections",
            "now:ConnectionsNow? unavailable? bucket_seconds:integer timeseries:ConnectionsPoint[]",
        ),
        named("ConnectionsNow", CONNECTIONS),
        named("ConnectionCount", "name? count:integer"),
        named("ConnectionsPoint", CONNECTIONS_POINT),
        named("DatabaseStats", &format!("{DATABASE_DID} {DATABASE} stats_reset:time?")),
        named("DatabaseStatsPoint", &format!("{DATABASE_DID} {DATABASE}")),
        named("Extension", "database_name name schema version available_version? update_available:boolean"),
        named("IoStats", &format!("backend_type object context {IO}")),
        named("IoPoint", &format!("backend_type? object? context? {IO}")),
        named("Sequence", SEQUENCE),
        named("Subscription", SUBSCRIPTION),
        named("WalStats", &format!("ts:time? {WAL} stats_reset:time?")),
        named("WalPoint", &format!("ts:time {WAL}")),
    ];
    schemas.extend(replication());
    schemas.extend(vacuum());
    schemas
}

/// Fields within parentheses are of one engine only.
fn replication() -> Vec<Named> {
    vec![
        named(
            "Replication",
            "ts:time? is_replica:boolean? replication_lag_bytes:integer? replication_lag_seconds:number? upstream_host? \
             slots:ReplicationSlot[] standbys:Standby[] \
             (upstream_port:integer? receiver_status? receiver_slot_name? replay_paused:boolean?) (replicas:Replica[])",
        ),
        named(
            "ReplicationSlot",
            "slot_name slot_type? plugin? database? temporary:boolean active:boolean active_pid:integer? lag_bytes:integer? \
             unconfirmed_bytes:integer? wal_status? safe_wal_size:integer? two_phase:boolean? conflicting:boolean? \
             inactive_since:time? invalidation_reason? failover:boolean? synced:boolean?",
        ),
        named(
            "Standby",
            "pid:integer application_name? user_name? client_addr? state? sync_state? sent_lag_bytes:integer? \
             write_lag_bytes:integer? flush_lag_bytes:integer? replay_lag_bytes:integer? write_lag_seconds:number? \
             flush_lag_seconds:number? replay_lag_seconds:number? reply_time:time?",
        ),
        named("LagPoint", "ts:time lag_bytes:integer? lag_seconds:number?"),
        named("SlotLagPoint", "ts:time slot_name? lag_bytes:integer?"),
    ]
}

fn vacuum() -> Vec<Named> {
    vec![
        named(
            "Vacuum",
            "ts:time? running:VacuumProgress[] tables:VacuumTable[] databases:DatabaseAge[] oldest_xmin:XminHolder[] \
             settings:string?{} limitations:string[]",
        ),
        named(
            "VacuumProgress",
            "command pid:integer database_name? schema_name? table_name? phase? blocks_total:integer? blocks_done:integer? \
             progress_pct:number? index_vacuum_count:integer? dead_items:integer? max_dead_tuples:integer? \
             max_dead_tuple_bytes:integer? dead_tuple_bytes:integer? indexes_total:integer? indexes_processed:integer? \
             delay_time_ms:number? is_autovacuum:boolean? is_wraparound:boolean? started_at:time?",
        ),
        named(
            "VacuumTable",
            "database_name schema_name table_name autovacuum_enabled:boolean live_tuples:integer? dead_tuples:integer? \
             vacuum_trigger:integer? vacuum_trigger_pct:integer? inserted_since_vacuum:integer? insert_trigger:integer? \
             insert_trigger_pct:integer? xid_age:integer? mxid_age:integer? toast_xid_age:integer? freeze_max_age:integer? \
             freeze_pct:integer? mxid_freeze_pct:integer? due:boolean last_vacuum:time? last_autovacuum:time?",
        ),
        named(
            "DatabaseAge",
            "database_name xid_age:integer xid_pct:number xid_freeze_pct:number mxid_age:integer mxid_pct:number \
             mxid_freeze_pct:number",
        ),
        named(
            "XminHolder",
            "kind={backend|prepared_transaction|replication_slot|standby} holder? pid:integer? database_name? state? \
             age_xids:integer since:time?",
        ),
    ]
}
