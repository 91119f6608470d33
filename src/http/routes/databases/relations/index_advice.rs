//! `GET /api/v1/databases/{id}/index-advice`: indexes that statements would be faster with, and what says so.

use std::sync::Arc;

use basira_actors::model::{Engine, IndexAdvice, IndexAdvices};

use crate::http::{Answer, Request, Route, response};

const COLLECTOR: &str = "index_advice";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/index-advice", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
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
