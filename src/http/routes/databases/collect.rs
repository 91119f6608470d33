//! `POST /api/v1/databases/{id}/collect`: every collector runs now instead of when it is due.

use basira_actors::supervisor::Unavailable;
use warp::http::StatusCode;

use crate::auth::Role;
use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/databases/{id}/collect", collect)]
}

/// 202: the runs follow, at most once a second however many ask. `/collectors` shows what became of them.
async fn collect(request: Request) -> Answer {
    let (principal, database) = request.database().await?;
    principal.require(Role::Member)?;
    request.app.directory().find(database.id).ok_or(Unavailable)?.poll_now()?;
    Ok(response::empty(StatusCode::ACCEPTED))
}
