//! Statements, and what runs and waits now.

use super::endpoint::{Endpoint, get};

const STATEMENT: &str = "query_hash:hash query_text? total_calls:integer? total_time_ms:number? mean_time_ms:number? \
    total_rows:integer? shared_blks_hit:integer? shared_blks_read:integer? cache_hit_ratio:number? read_rows:integer? \
    read_bytes:integer? written_rows:integer? written_bytes:integer? result_rows:integer? memory_usage:integer? \
    exceptions:integer? kind? p50_ms:number? p95_ms:number? p99_ms:number?";
const ACTIVE: &str = "pid:integer? query_text? state? wait_event_type? wait_event? duration_ms:integer? \
    transaction_ms:integer? blocking_pids:integers user_name? database_name? application_name? client_addr? ts:time \
    memory_usage:integer? read_rows:integer? read_bytes:integer? written_bytes:integer?";
const LOCK: &str = "pid:integer? lock_type? mode? relation_name? granted:boolean? blocked_by_pid:integer? \
    duration_ms:integer? query_text? ts:time";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/queries", "What each statement cost over a window, the most expensive first")
            .window()
            .limit(25, 100)
            .query("sort_by", "{total_time|calls|mean_time|rows}", "total_time if not given")
            .database()
            .list(STATEMENT),
        get("/api/v1/databases/{id}/queries/{hash}", "One statement: who runs it, what it cost, how that changed")
            .window()
            .object(&format!(
                "{STATEMENT} engine={{postgres|clickhouse}} queryid? user_name? database_name? members:objects \
                 first_seen_at:time? last_seen_at:time? bucket_seconds:integer timeseries:objects \
                 exceptions_by_code:objects? gaps:objects"
            )),
        get("/api/v1/databases/{id}/queries/{hash}/explain", "The plans of one statement, newest first")
            .window()
            .limit(10, 50)
            .list(
                "ts:time plan_json:any plan_hash:string? total_cost:number? actual_time_ms:number? seq_scans:integer? \
                 index_scans:integer? rows_estimated:number? rows_actual:number?",
            ),
        get("/api/v1/databases/{id}/active", "What runs, longest first").at().limit(50, 200).list(ACTIVE),
        get("/api/v1/databases/{id}/active/ws", "What runs, as a live stream: WebSocket with frames of JSON")
            .query("token", "string", "An access token")
            .query("ticket", "string", "From POST /api/v1/auth/ws-ticket")
            .query("interval", "integer[1,60]", "Seconds between snapshots; 5 if not given")
            .nothing(101, "WebSocket from here on: hello, then snapshots; refusals are close codes 4400, 4401, 4403, 4404")
            .refuses(426),
        get("/api/v1/databases/{id}/locks", "Who waits for what lock, longest first, and who holds it")
            .at()
            .limit(100, 500)
            .list(LOCK),
        get("/api/v1/databases/{id}/locks/tree", "Who blocks whom").at().list("pid:integer?"),
        get("/api/v1/databases/{id}/waits", "What active sessions waited for, as sampled")
            .buckets()
            .list("ts:time wait_event_type? wait_event? count:integer total_duration_ms:integer"),
    ]
}
