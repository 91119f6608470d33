//! `GET /api/v1/databases/{id}/mutations`: the mutations of ClickHouse that are not done, the oldest first, then those of the
//! last day that are.

use basira_actors::model::{Engine, MutationSnapshot};

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/mutations", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let limit = request.query()?.limit(100, 500)?;
    match watched.snapshot_or_reason::<MutationSnapshot>("ch_mutations").await {
        Ok(seen) => response::list(&seen.mutations[..limit.min(seen.mutations.len())], seen.mutations.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
