//! `GET /api/v1/databases/{id}/cluster`: the nodes of a ClickHouse cluster, and which of them answer.

use basira_actors::model::{ClusterSnapshot, Engine};

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/cluster", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    match watched.snapshot_or_reason::<ClusterSnapshot>("ch_cluster").await {
        Ok(snapshot) => response::list(&snapshot.nodes, snapshot.nodes.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
