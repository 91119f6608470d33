//! What the health rules find.

use super::endpoint::{Endpoint, get, patch};

const ADVICE: &str = "id:uuid database_id:uuid rule_id object status={open|dismissed|resolved} severity category title detail \
    recommendation how_to_investigate how_to_fix value:number opened_at:time updated_at:time resolved_at:time? \
    dismissed_at:time? dismissed_by:uuid? dismiss_reason?";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let advices = |path, summary| {
        get(path, summary)
            .limit(100, 1_000)
            .query("status", "{open|dismissed|resolved|all}", "open if not given")
            .list(&format!("database_name? {ADVICE}"))
    };
    vec![
        get("/api/v1/databases/{id}/doctor", "What is wrong with a database").object(
            "status={healthy|degraded|unhealthy} score:integer[0,100]? computed_at:time top_issues:objects \
             not_evaluated:objects metrics_summary:object",
        ),
        get("/api/v1/databases/{id}/doctor/history", "How the health of a database went").buckets().list("ts:time"),
        advices("/api/v1/databases/{id}/recommendations", "What the rules advise for one database"),
        advices("/api/v1/recommendations", "What the rules advise for all databases"),
        patch("/api/v1/recommendations/{id}", "Dismisses advice, with a reason, or opens it again")
            .body("status={open|dismissed|resolved}! reason:string[1,1000]?", true)
            .object(ADVICE),
        get("/api/v1/rules", "Every health rule, with its threshold and what it costs").list("id severity category title"),
        get("/api/v1/overview", "All databases of the organization at a glance, the worst first").limit(100, 1_000).list(
            "id:uuid name engine={postgres|clickhouse} engine_version? tags:tags status={connected|disconnected} \
             last_seen_at:time? last_error? health={healthy|degraded|unhealthy} health_score:integer[0,100]? \
             active_queries:integer? longest_query_ms:integer? issues:object top_issues:objects",
        ),
    ]
}
