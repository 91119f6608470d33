//! `GET /api/v1/databases/{id}/connections`: who is connected, against how many may be.

use std::sync::Arc;

use basira_actors::model::streams::CONNECTIONS;
use basira_actors::model::{ConnectionSnapshot, Engine, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request, Route, response};
use crate::views::json_cells::{self, Line, Texts};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/connections", get)]
}

#[derive(Serialize)]
struct Connections<'a> {
    /// Null when the server is away.
    now: Option<&'a ConnectionSnapshot>,
    unavailable: Option<String>,
    bucket_seconds: i64,
    /// The newest look of each bucket.
    timeseries: Vec<Line>,
}

async fn get(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = json_cells::bucket_ms(window);
    let points = request.app.samples.points(watched.scope, &CONNECTIONS, 0, window, bucket_ms).await?;
    let timeseries = points.iter().map(|point| Line::new(&CONNECTIONS, point, &Texts::new())).collect();
    let (now, unavailable): (Option<Arc<ConnectionSnapshot>>, _) =
        match watched.snapshot_or_reason("connections").await {
            Ok(seen) => (Some(seen), None),
            Err(reason) => (None, Some(reason)),
        };
    response::ok(&Connections {
        now: now.as_deref(),
        unavailable,
        bucket_seconds: bucket_ms / 1000,
        timeseries,
    })
}
