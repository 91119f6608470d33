//! `GET /api/v1/databases/{id}/index-advice`: indexes that statements would be faster with, and what says so.

use std::sync::Arc;

use basira_actors::model::{IndexAdvice, IndexAdvices};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

const COLLECTOR: &str = "index_advice";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/index-advice",
            "Indexes that statements would be faster with",
            DatabaseAccess::POSTGRES,
            list,
        )
        .limit(50, 500)
        .list("IndexAdvice")
        .schema("IndexAdvice", INDEX_ADVICE_FIELDS)
        .schema("HelpedQuery", "query_hash:hash cost_before:number cost_after:number? gain_pct:number"),
    ]
}

const INDEX_ADVICE_FIELDS: &str = "database_name schema_name table_name columns:string[] statements:HelpedQuery[] \
    cost_before:number cost_after:number? gain_pct:number estimated_size_bytes:integer? writes_per_second:number? \
    evidence={hypopg|hypothesis} note? create_sql ts:time";

async fn list(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(50, 500)?;
    let seen: Vec<(Arc<str>, Arc<IndexAdvices>)> = watched.newest_of_each();
    let reason = watched.unavailable_reason(COLLECTOR).await;
    if seen.is_empty() {
        let not_yet = "index_advice: has not run yet".to_owned();
        return response::unavailable_list(&reason.unwrap_or(not_yet));
    }
    let mut lines: Vec<&IndexAdvice> = seen.iter().flat_map(|(_, advices)| &advices.0).collect();
    lines.sort_by(|a, b| b.gain_pct.total_cmp(&a.gain_pct));
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}
