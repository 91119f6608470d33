//! `GET /api/v1/databases/{id}/replication` and its histories: who follows whom, and how far behind.

mod history;

use basira_actors::model::{Engine, Replication};
use serde_json::json;

use crate::http::{Answer, Request, Route, response};

const COLLECTOR: &str = "pg_stat_replication";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/replication", now),
        Route::get("/api/v1/databases/{id}/replication/history", history::lags),
        Route::get("/api/v1/databases/{id}/replication/slots/history", history::slots),
    ]
}

async fn now(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let reason = watched.why_not(COLLECTOR).await;
    match watched.newest::<Replication>() {
        Some(seen) => response::ok_despite(&*seen, reason.as_deref()),
        None => {
            let unknown = json!({
                "ts": null, "is_replica": null, "replication_lag_bytes": null, "replication_lag_seconds": null,
                "upstream_host": null, "slots": [], "standbys": [],
            });
            response::ok_despite(&unknown, Some(reason.as_deref().unwrap_or("it is not looked at yet")))
        }
    }
}
