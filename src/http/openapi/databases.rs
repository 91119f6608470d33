//! Registering databases, and how watching them fares.

use super::endpoint::{Endpoint, delete, get, patch, post};

const DATABASE: &str = "id:uuid name engine={postgres|clickhouse} engine_version? host port:integer[1,65535] database \
    username? tls={disable|prefer|require|verify-ca|verify-full} tags:tags poll_interval_seconds:integer \
    collect_explain_plans:boolean collect_replication:boolean disabled_collectors:strings cluster? let_idle:boolean \
    try_indexes_on_primary:boolean all_databases:boolean include_databases:strings exclude_databases:strings rules:object \
    status={connected|disconnected} last_seen_at:time? last_error? health_score:integer[0,100]? created_at:time updated_at:time";

const BODY: &str = "name:string[1,200]? engine={postgres|clickhouse}? engine_version:string[1,100]? host:string[1,253]? \
    port:integer[1,65535]? database:string[1,200]? username:string[1,200]? password:string? \
    tls={disable|prefer|require|verify-ca|verify-full}? tls_ca_pem:string? dsn:string? tags:tags[,64]? \
    poll_interval_seconds:integer[1,86400]? collect_explain_plans:boolean? collect_replication:boolean? \
    disabled_collectors:strings? cluster:string[1,200]? let_idle:boolean? try_indexes_on_primary:boolean? \
    all_databases:boolean? include_databases:strings[,64]? exclude_databases:strings[,64]? rules:object?";

const REPORT: &str = "connected:boolean engine version? flavour? error? collectors:objects doctor:object";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases", "The databases of the organization").list(DATABASE),
        post("/api/v1/databases", "Registers a database: name, engine and host at least, or name and dsn")
            .body(BODY, true)
            .created(DATABASE)
            .refuses(409),
        post("/api/v1/databases/test", "Connects once, says what works and what would help, stores nothing")
            .body(BODY, true)
            .object(REPORT),
        get("/api/v1/databases/{id}", "One database").object(DATABASE),
        patch("/api/v1/databases/{id}", "Changes what the body names; null means the default")
            .body(BODY, true)
            .object(DATABASE)
            .refuses(409),
        delete("/api/v1/databases/{id}", "Forgets a database and all that was seen of it").nothing(204, "It is gone"),
        get("/api/v1/databases/{id}/health", "Whether the database is reached")
            .object("id:uuid status={connected|disconnected} last_seen_at:time? last_error?"),
        get("/api/v1/databases/{id}/collectors", "How each source of samples is doing, and what would help").list(
            "name enabled:boolean interval_seconds:number state={ok|skipped|failing|disabled} reason? fix? \
             last_success_at:time? last_duration_ms:number? rows:integer? runs:integer failures:integer next_run_at:time?",
        ),
        post("/api/v1/databases/{id}/collect", "Every collector runs now instead of when it is due")
            .nothing(202, "The runs follow; /collectors shows what became of them"),
        get("/api/v1/databases/{id}/events", "What happened to the server and to our watching it, newest first")
            .window()
            .limit(100, 500)
            .query("kind", "string", "One kind or several, separated by commas: gap, server_restarted and so on")
            .list("ts:time kind subject? before? after?"),
        get("/api/v1/databases/{id}/overview", "The state of one database at a glance").object(
            "id:uuid engine={postgres|clickhouse} status={connected|disconnected} last_seen_at:time? \
             health_score:integer[0,100]? active_queries:integer? longest_query_ms:integer? top_queries:objects \
             blocked_queries:integer? cache_hit_ratio:number? dead_tuple_ratio:number? last_autovacuum:time? \
             active_merges:integer? merge_progress_pct:number? active_mutations:integer? stuck_mutations:integer? \
             query_p99_ms:number?",
        ),
        get("/api/v1/databases/{id}/settings", "How the server is set up")
            .query("changed", "boolean", "Only those whose value is not the built-in one, or waits for a restart")
            .list("name"),
        get("/api/v1/databases/{id}/settings/history", "Which settings changed, newest first")
            .window()
            .list("ts:time name? before? after?"),
    ]
}
