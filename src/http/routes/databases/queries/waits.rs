//! `GET /api/v1/databases/{id}/waits`: what active sessions waited for, or running queries of
//! ClickHouse spent their time on, as sampled.

use basira_actors::model::streams::WAITS;
use basira_actors::model::{Engine, Timestamp};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::waits;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/waits",
            "What active sessions waited for, as sampled",
            DatabaseAccess::ANY,
            list,
        )
        .buckets()
        .list("Wait")
        .schema("Wait", WAIT_FIELDS),
    ]
}

const WAIT_FIELDS: &str = "ts:time wait_event_type? wait_event? count:integer total_duration_ms:integer?";

async fn list(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &WAITS, window).await?;
    let waits = waits::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    let collector = match watched.engine() {
        Engine::Postgres => "pg_wait_events",
        Engine::Clickhouse => "ch_query_states",
    };
    let reason = if waits.is_empty() { watched.unavailable_reason(collector).await } else { None };
    response::list_with_reason(&waits, waits.len(), reason.as_deref())
}
