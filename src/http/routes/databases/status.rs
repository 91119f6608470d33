//! `GET /api/v1/databases/{id}/health`: whether the database is reached.

use basira_actors::model::{DatabaseId, Status, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/health", get)]
}

#[derive(Serialize)]
struct Health {
    id: DatabaseId,
    status: Status,
    last_seen_at: Option<Timestamp>,
    last_error: Option<String>,
}

async fn get(request: Request) -> Answer {
    let (_, database) = request.database().await?;
    let known = request.app.status(&database);
    response::ok(&Health {
        id: database.id,
        status: known.status,
        last_seen_at: known.last_seen_at,
        last_error: known.last_error,
    })
}
