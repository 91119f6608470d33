//! `POST /api/v1/databases/{id}/collect`: every collector runs now instead of when it is due.

use basira_actors::supervisor::Unavailable;
use warp::http::StatusCode;

use crate::auth::Role;
use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/databases/{id}/collect",
            "Every collector runs now instead of when it is due",
            DatabaseAccess::ANY.at_least(Role::Member),
            collect,
        )
        .nothing(202, "The runs follow; /collectors shows what became of them"),
    ]
}

/// 202: the runs follow, at most once a second however many ask. `/collectors` shows what became of them.
async fn collect(request: Request, watched: Watched) -> Answer {
    request.app.directory().find(watched.database.id).ok_or(Unavailable)?.poll_now()?;
    Ok(response::empty(StatusCode::ACCEPTED))
}
