//! Registering databases, and how watching them fares.

use super::endpoint::{Endpoint, delete, get, patch, post};
use super::fields::{Named, named};

/// Every field may be left out; which ones a new database needs, its route says.
const BODY: &str = "(name:string[1,200]? engine:Engine? engine_version:string[1,100]? host:string[1,253]? \
    port:integer[1,65535]? database:string[1,200]? username:string[1,200]? password:string[0,1000]? tls:TlsMode? tls_ca_pem:string[0,300000]? dsn:string[0,4000]? \
    tags:string{64}? poll_interval_seconds:integer[1,86400]? collect_explain_plans:boolean? collect_replication:boolean? \
    disabled_collectors:string[]? cluster:string[1,200]? let_idle:boolean? try_indexes_on_primary:boolean? \
    all_databases:boolean? include_databases:string[64]? exclude_databases:string[64]? rules:RuleSetting{}?)";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Engine", "{postgres|clickhouse}"),
        named("Status", "{connected|disconnected}"),
        named("TlsMode", "{disable|prefer|require|verify-ca|verify-full}"),
        named(
            "RuleSetting",
            "(enabled:boolean threshold:number for_seconds:integer window_seconds:integer baseline_seconds:integer)",
        ),
        named(
            "Database",
            "id:uuid name engine:Engine engine_version? host port:integer[1,65535] database username? tls:TlsMode \
             tags:string{64} poll_interval_seconds:integer collect_explain_plans:boolean collect_replication:boolean \
             disabled_collectors:string[] cluster? let_idle:boolean try_indexes_on_primary:boolean all_databases:boolean \
             include_databases:string[] exclude_databases:string[] rules:RuleSetting{} status:Status last_seen_at:time? \
             last_error? health_score:integer[0,100]? created_at:time updated_at:time",
        ),
        named("DatabaseHealth", "id:uuid status:Status last_seen_at:time? last_error?"),
        named("CollectorState", "{ok|skipped|failing|disabled}"),
        named(
            "Collector",
            "name enabled:boolean interval_seconds:integer state:CollectorState reason? fix? last_success_at:time? \
             last_duration_ms:integer? rows:integer? runs:integer failures:integer next_run_at:time?",
        ),
        named("TriedCollector", "name state:CollectorState reason? fix? rows:integer? duration_ms:integer"),
        named(
            "Trial",
            "connected:boolean engine_version? flavour={plain|aurora|rds|alloydb|cloudsql|azure|supabase|neon}? error? fix? \
             collectors:TriedCollector[] doctor:Doctor",
        ),
        // of a gap: its end, and the streams that have it
        named("Event", "ts:time kind subject? before? after? (until:time streams:string[])"),
        named(
            "Overview",
            "id:uuid engine:Engine status:Status last_seen_at:time? health_score:integer[0,100]? active_queries:integer? \
             longest_query_ms:integer? top_queries:Query[] \
             (blocked_queries:integer? cache_hit_ratio:number? dead_tuple_ratio:number? last_autovacuum:time?) \
             (active_merges:integer? merge_progress_pct:number? active_mutations:integer? stuck_mutations:integer? \
             query_p99_ms:number?)",
        ),
        named(
            "Setting",
            "name setting? unit? shown? category description? source source_file? context boot_val? reset_val? \
             pending_restart:boolean? changed:boolean? note?",
        ),
        named("SettingChange", "ts:time name? before? after?"),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases", "The databases of the organization, by name").paged(1_000).list("Database"),
        post("/api/v1/databases", "Registers a database: name, engine and host at least, or name and dsn")
            .body(BODY, true)
            .created("Database")
            .refuses(409),
        post("/api/v1/databases/test", "Connects once, says what works and what would help, stores nothing")
            .body(BODY, true)
            .object("Trial"),
        get("/api/v1/databases/{id}", "One database").object("Database"),
        patch("/api/v1/databases/{id}", "Changes what the body names; null means the default")
            .body(BODY, true)
            .object("Database")
            .refuses(409),
        delete("/api/v1/databases/{id}", "Forgets a database and all that was seen of it")
            .nothing(204, "It is gone"),
        get("/api/v1/databases/{id}/health", "Whether the database is reached").object("DatabaseHealth"),
        get("/api/v1/databases/{id}/collectors", "How each source of samples is doing, and what would help")
            .list("Collector"),
        post("/api/v1/databases/{id}/collect", "Every collector runs now instead of when it is due")
            .nothing(202, "The runs follow; /collectors shows what became of them"),
        get(
            "/api/v1/databases/{id}/events",
            "What happened to the server and to our watching it, newest first",
        )
        .window()
        .limit(100, 500)
        .query("kind", "string", "One kind or several, separated by commas: gap, server_restarted and so on")
        .list("Event"),
        get("/api/v1/databases/{id}/overview", "The state of one database at a glance").object("Overview"),
        get("/api/v1/databases/{id}/settings", "How the server is set up")
            .query(
                "changed",
                "boolean",
                "Only those whose value is not the built-in one, or waits for a restart",
            )
            .list("Setting"),
        get("/api/v1/databases/{id}/settings/history", "Which settings changed, newest first")
            .window()
            .list("SettingChange"),
    ]
}
