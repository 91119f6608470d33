//! `GET /api/v1/databases/{id}/server-metrics` and `/server-metrics/timeseries`: how a ClickHouse server fares as a whole.

use basira_actors::model::{Engine, ServerMetrics, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request, Route, response};
use crate::views::server_metrics;

const COLLECTOR: &str = "ch_server_metrics";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/server-metrics", now),
        Route::get("/api/v1/databases/{id}/server-metrics/timeseries", timeseries),
    ]
}

#[derive(Serialize)]
struct ServerMetricsJson<'a> {
    /// All null when the server is away.
    #[serde(flatten)]
    now: &'a ServerMetrics,
    /// Why something is missing.
    unavailable: Option<&'a str>,
}

async fn now(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let mut reason = watched.degraded_reason(COLLECTOR).await;
    let seen = watched.live::<ServerMetrics>();
    if seen.is_none() {
        reason.get_or_insert_with(|| format!("{COLLECTOR}: has not run yet"));
    }
    let unknown = ServerMetrics::default();
    let shown =
        ServerMetricsJson { now: seen.as_deref().unwrap_or(&unknown), unavailable: reason.as_deref() };
    response::ok_with_reason(&shown, reason.as_deref())
}

async fn timeseries(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let bucket_ms = query.bucket_ms(window)?;
    let points = server_metrics::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    let reason = if points.is_empty() { watched.unavailable_reason(COLLECTOR).await } else { None };
    response::list_with_reason(&points, points.len(), reason.as_deref())
}
