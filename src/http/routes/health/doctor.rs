//! `GET /api/v1/databases/{id}/doctor`: what is wrong with a database, and how its health went.

use basira_actors::model::Timestamp;
use basira_actors::model::streams::HEALTH;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::health;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/doctor",
            "What is wrong with a database",
            DatabaseAccess::ANY,
            get,
        )
        .object("Doctor")
        .schema("Health", "{healthy|degraded|unhealthy}")
        .schema("Severity", "{info|warning|critical}")
        .schema("Category", CATEGORY_FIELDS)
        .schema("Unit", "{pct|seconds|days|bytes|count|ratio|per_minute}")
        .schema("Doctor", DOCTOR_FIELDS)
        .schema("Finding", FINDING_FIELDS)
        .schema("NotEvaluated", "rule_id reason")
        .schema("MetricsSummary", METRICS_SUMMARY_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/doctor/history",
            "How the health of a database went",
            DatabaseAccess::ANY,
            history,
        )
        .buckets()
        .list("HealthPoint")
        .schema("HealthPoint", "ts:time score:integer[0,100]? status:Health? issues:LostPoints[]")
        .schema("LostPoints", "rule_id penalty:integer"),
    ]
}

const CATEGORY_FIELDS: &str = " \
    {collection|availability|connections|transactions|locks|queries|memory|storage|vacuum|indexes|replication|checkpoints|settings|merges|inserts}";
const DOCTOR_FIELDS: &str = "status:Health score:integer[0,100]? computed_at:time top_issues:Finding[] \
    metrics_summary:MetricsSummary evaluated:integer evaluated_in_ms:number? not_evaluated:NotEvaluated[]";
const FINDING_FIELDS: &str = "..BriefFinding recommendation how_to_investigate how_to_fix value:number? \
    threshold:number? unit:Unit evidence:string[10] objects:integer";
const METRICS_SUMMARY_FIELDS: &str = "(active_queries:integer? longest_query_ms:integer?) (connections:integer? \
    connections_used_pct:number? idle_in_transaction:integer? oldest_transaction_ms:integer? \
    waiting_for_locks:integer? transaction_ids_used_pct:number? is_replica:boolean? \
    replication_lag_seconds:number? started_at:time?) (memory_tracked_bytes:integer? memory_limit_bytes:integer? \
    fullest_disk_used_pct:number? running_merges:integer? stuck_mutations:integer? \
    worst_replica_delay_seconds:integer? uptime_seconds:integer?)";

async fn get(request: Request, watched: Watched) -> Answer {
    response::ok(&*request.app.diagnosis(&watched.database))
}

async fn history(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &HEALTH, window).await?;
    let lines = health::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    response::list(&lines, lines.len())
}
