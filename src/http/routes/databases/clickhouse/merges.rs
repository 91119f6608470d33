//! `GET /api/v1/databases/{id}/merges`: the merges that run on ClickHouse now, the longest first.

use basira_actors::model::{Engine, MergeSnapshot};

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/merges", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let limit = request.query()?.limit(100, 500)?;
    match watched.snapshot_or_reason::<MergeSnapshot>("ch_merges").await {
        Ok(seen) => response::list(&seen.merges[..limit.min(seen.merges.len())], seen.merges.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
