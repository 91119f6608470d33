//! `GET /api/v1/databases/{id}/waits`: what active sessions waited for, as sampled.

use basira_actors::model::{Engine, Timestamp};

use crate::http::{Answer, Request, Route, response};
use crate::views::waits;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/waits", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let bucket_ms = query.bucket_ms(window)?;
    let waits = waits::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    let reason = if waits.is_empty() { watched.why_not("pg_wait_events").await } else { None };
    response::list_despite(&waits, waits.len(), reason.as_deref())
}
