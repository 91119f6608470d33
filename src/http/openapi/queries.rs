//! Statements, and what runs and waits now.

use super::endpoint::{Endpoint, get};
use super::fields::{Named, named};

/// Fields within parentheses are of one engine only.
const QUERY: &str = "query_hash:hash query_text? total_calls:integer? total_time_ms:number? mean_time_ms:number? \
    total_rows:integer? shared_blks_hit:integer? shared_blks_read:integer? cache_hit_ratio:number? \
    (read_rows:integer? read_bytes:integer? written_rows:integer? written_bytes:integer? result_rows:integer? \
    memory_usage:integer? exceptions:integer? kind? p50_ms:number? p95_ms:number? p99_ms:number?)";
const FURTHER_COUNTERS: &str = "max_time_ms:number? (shared_blks_dirtied:integer? shared_blks_written:integer? \
    temp_blks_read:integer? temp_blks_written:integer? blk_read_time_ms:number? blk_write_time_ms:number? \
    wal_records:integer? wal_fpi:integer? wal_bytes:integer? plans:integer? plan_time_ms:number? jit_functions:integer? \
    jit_time_ms:number? min_time_ms:number? stddev_time_ms:number?) \
    (result_bytes:integer? cpu_time_ms:number? peak_memory_bytes:integer?)";
const LOCK: &str = "pid:integer lock_type? mode? schema_name? relation_name? blocking_pids:integer[] \
    transaction_ms:integer? query_text? query_hash:hash? state? user_name? database_name? application_name? \
    prepared_transaction?";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Query", QUERY),
        named("QueryMember", "queryid? user_name? database_name? (toplevel:boolean) (kind? host_name?)"),
        named(
            "QueryDetail",
            &format!(
                "{QUERY} {FURTHER_COUNTERS} engine:Engine queryid? user_name? database_name? members:QueryMember[] \
                 first_seen_at:time? last_seen_at:time? bucket_seconds:integer timeseries:QueryPoint[] \
                 (exceptions_by_code:ExceptionCount[]) gaps:Gap[]"
            ),
        ),
        named(
            "QueryPoint",
            &format!(
                "ts:time calls:integer? total_time_ms:number? mean_time_ms:number? rows:integer? {FURTHER_COUNTERS} \
                 (shared_blks_hit:integer? shared_blks_read:integer?) \
                 (read_rows:integer? read_bytes:integer? written_rows:integer? written_bytes:integer? memory_usage:integer? \
                 exceptions:integer? p50_ms:number? p95_ms:number? p99_ms:number?)"
            ),
        ),
        named("ExceptionCount", "code:integer count:integer"),
        named("Gap", "from:time to:time reason:GapReason"),
        named(
            "GapReason",
            "{unreachable|restarted|server_changed|counters_reset|evicted|not_watched|damaged|dropped}",
        ),
        named(
            "Plan",
            "ts:time plan_json:any plan_hash:hash? total_cost:number? actual_time_ms:number? seq_scans:integer? \
             index_scans:integer? rows_estimated:number? rows_actual:number? source? query_text?",
        ),
        named(
            "ActiveQuery",
            "pid:integer? query_text? query_hash:hash? state? wait_event_type? wait_event? duration_ms:integer? \
             transaction_ms:integer? blocking_pids:integer[] user_name? database_name? application_name? client_addr? \
             backend_type? ts:time \
             (query_id? host_name? memory_usage:integer? peak_memory_usage:integer? read_rows:integer? read_bytes:integer? \
             written_rows:integer? written_bytes:integer? total_rows_approx:integer?)",
        ),
        // by its type: how the stream began, what runs, that the database is away
        named(
            "LiveFrame",
            "type={hello|snapshot|status} (database_id:uuid interval_seconds:integer) \
             (ts:time seq:integer queries:ActiveQuery[]) (status:Status last_error)",
        ),
        named(
            "Lock",
            &format!(
                "{LOCK} granted:boolean blocked_by_pid:integer? blocks_others:boolean duration_ms:integer? \
                 leader_pid:integer? ts:time"
            ),
        ),
        named(
            "LockNode",
            &format!(
                "{LOCK} wait_ms:integer? deadlock:boolean blocked_sessions:integer longest_wait_ms:integer? \
                 blocked:LockNode[] ts:time?"
            ),
        ),
        named("Wait", "ts:time wait_event_type? wait_event? count:integer total_duration_ms:integer?"),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/queries", "What each statement cost over a window, the most expensive first")
            .window()
            .limit(25, 100)
            .query("sort_by", "{total_time|calls|mean_time|rows}", "total_time if not given")
            .database()
            .list("Query"),
        get("/api/v1/databases/{id}/queries/{hash}", "One statement: who runs it, what it cost, how that changed")
            .window()
            .object("QueryDetail"),
        get("/api/v1/databases/{id}/queries/{hash}/explain", "The plans of one statement, newest first")
            .window()
            .limit(10, 50)
            .list("Plan"),
        get("/api/v1/databases/{id}/active", "What runs, longest first").at().limit(50, 200).list("ActiveQuery"),
        get("/api/v1/databases/{id}/active/ws", "What runs, as a live stream: WebSocket with frames of JSON")
            .query("token", "string", "An access token")
            .query("ticket", "string", "From POST /api/v1/auth/ws-ticket")
            .query("interval", "integer[1,60]", "Seconds between snapshots; 5 if not given")
            .frames("LiveFrame", "WebSocket from here on, each frame like this; refusals are close codes 4400, 4401, 4403, 4404")
            .refuses(426),
        get("/api/v1/databases/{id}/locks", "Who waits for what lock, longest first, and who holds it")
            .at()
            .limit(100, 500)
            .list("Lock"),
        get("/api/v1/databases/{id}/locks/tree", "Who blocks whom").at().list("LockNode"),
        get("/api/v1/databases/{id}/waits", "What active sessions waited for, as sampled")
            .buckets()
            .list("Wait"),
    ]
}
