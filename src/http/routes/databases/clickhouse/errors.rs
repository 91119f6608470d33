//! `GET /api/v1/databases/{id}/errors`: which errors a ClickHouse server met, most first.

use basira_actors::model::Timestamp;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::errors;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/errors",
            "Which errors the server met, most first",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .window()
        .limit(100, 500)
        .list("ErrorCount")
        .schema("ErrorCount", ERROR_COUNT_FIELDS),
    ]
}

const ERROR_COUNT_FIELDS: &str =
    "code:integer name? remote:boolean count:integer last_error_at:time? message?";

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(100, 500)?;
    let errors = errors::within(&*request.app.samples, watched.scope, window).await?;
    let reason = watched.unavailable_reason("ch_errors").await;
    response::list_with_reason(&errors[..limit.min(errors.len())], errors.len(), reason.as_deref())
}
