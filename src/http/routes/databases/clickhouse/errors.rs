//! `GET /api/v1/databases/{id}/errors`: which errors a ClickHouse server met, most first.

use basira_actors::model::{Engine, Timestamp};

use crate::http::{Answer, Request, Route, response};
use crate::views::errors;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/errors", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(100, 500)?;
    let errors = errors::within(&*request.app.samples, watched.scope, window).await?;
    let reason = watched.unavailable_reason("ch_errors").await;
    response::list_with_reason(&errors[..limit.min(errors.len())], errors.len(), reason.as_deref())
}
