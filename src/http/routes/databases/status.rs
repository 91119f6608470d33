//! `GET /api/v1/databases/{id}/health`: whether the database is reached.

use basira_actors::model::{DatabaseId, Status, Timestamp};
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/health",
            "Whether the database is reached",
            DatabaseAccess::ANY,
            get,
        )
        .object("DatabaseHealth")
        .schema("DatabaseHealth", "id:uuid status:Status last_seen_at:time? last_error?"),
    ]
}

#[derive(Serialize)]
struct Health {
    id: DatabaseId,
    status: Status,
    last_seen_at: Option<Timestamp>,
    last_error: Option<String>,
}

async fn get(request: Request, watched: Watched) -> Answer {
    let known = request.app.status(&watched.database);
    response::ok(&Health {
        id: watched.database.id,
        status: known.status,
        last_seen_at: known.last_seen_at,
        last_error: known.last_error,
    })
}
