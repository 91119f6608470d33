//! What the health rules find.

use super::endpoint::{Endpoint, get, patch};
use super::fields::{Named, named};

const FINDING: &str = "rule_id severity:Severity category:Category title detail penalty:integer since:time";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Health", "{healthy|degraded|unhealthy}"),
        named("Severity", "{info|warning|critical}"),
        named(
            "Category",
            "{collection|availability|connections|transactions|locks|queries|memory|storage|vacuum|indexes|replication|\
             checkpoints|settings|merges|inserts}",
        ),
        named("Unit", "{pct|seconds|days|bytes|count|ratio|per_minute}"),
        named(
            "Doctor",
            "status:Health score:integer[0,100]? computed_at:time top_issues:Finding[] metrics_summary:MetricsSummary \
             evaluated:integer evaluated_in_ms:number? not_evaluated:NotEvaluated[]",
        ),
        named(
            "Finding",
            &format!(
                "{FINDING} recommendation how_to_investigate how_to_fix value:number? threshold:number? unit:Unit \
                 evidence:string[10] objects:integer"
            ),
        ),
        named("BriefFinding", FINDING),
        named("NotEvaluated", "rule_id reason"),
        // of one engine, and nothing of a database that was never looked at
        named(
            "MetricsSummary",
            "(active_queries:integer? longest_query_ms:integer?) \
             (connections:integer? connections_used_pct:number? idle_in_transaction:integer? oldest_transaction_ms:integer? \
             waiting_for_locks:integer? transaction_ids_used_pct:number? is_replica:boolean? \
             replication_lag_seconds:number? started_at:time?) \
             (memory_tracked_bytes:integer? memory_limit_bytes:integer? fullest_disk_used_pct:number? \
             running_merges:integer? stuck_mutations:integer? worst_replica_delay_seconds:integer? uptime_seconds:integer?)",
        ),
        named("HealthPoint", "ts:time score:integer[0,100]? status:Health? issues:LostPoints[]"),
        named("LostPoints", "rule_id penalty:integer"),
        named(
            "Recommendation",
            "(database_name?) id:uuid database_id:uuid rule_id object status={open|dismissed|resolved} severity:Severity \
             category:Category title detail recommendation how_to_investigate how_to_fix value:number opened_at:time \
             updated_at:time resolved_at:time? dismissed_at:time? dismissed_by:uuid? dismiss_reason?",
        ),
        named(
            "Rule",
            "id engine:Engine? category:Category title looks_at unit:Unit threshold:number leave_threshold:number \
             for_seconds:integer window_seconds:integer? baseline_seconds:integer? least_penalty_pct:number \
             most_penalty_pct:number recommendation how_to_investigate how_to_fix source",
        ),
        named(
            "FleetLine",
            "id:uuid name engine:Engine engine_version? tags:string{} status:Status last_seen_at:time? last_error? \
             health:Health health_score:integer[0,100]? active_queries:integer? longest_query_ms:integer? \
             issues:IssueCounts top_issues:BriefFinding[3]",
        ),
        named("IssueCounts", "critical:integer warning:integer info:integer"),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let advices = |path, summary| {
        get(path, summary)
            .paged(100)
            .query("status", "{open|dismissed|resolved|all}", "open if not given")
            .list("Recommendation")
    };
    vec![
        get("/api/v1/databases/{id}/doctor", "What is wrong with a database").object("Doctor"),
        get("/api/v1/databases/{id}/doctor/history", "How the health of a database went")
            .buckets()
            .list("HealthPoint"),
        advices("/api/v1/databases/{id}/recommendations", "What the rules advise for one database"),
        advices("/api/v1/recommendations", "What the rules advise for all databases"),
        patch("/api/v1/recommendations/{id}", "Dismisses advice, with a reason, or opens it again")
            .body("status={open|dismissed|resolved} (reason:string[1,1000]?)", true)
            .object("Recommendation"),
        get("/api/v1/rules", "Every health rule, with its threshold and what it costs").list("Rule"),
        get("/api/v1/overview", "All databases of the organization at a glance, the worst first")
            .paged(100)
            .list("FleetLine"),
    ]
}
