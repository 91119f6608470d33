//! `GET /api/v1/databases/{id}/server-metrics` and `/server-metrics/timeseries`: how a ClickHouse server fares as a whole.

use basira_actors::model::streams::SERVER_METRICS;
use basira_actors::model::{ServerMetrics, Timestamp};
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::server_metrics;

const COLLECTOR: &str = "ch_server_metrics";

const HOST_FIELDS: &str = "ts:time? host_name? version? uptime_seconds:integer? memory:HostMemory disks:Disk[] \
    connections:HostConnections queries:HostQueries background_pools:BackgroundPool[]";
const ROOM_FIELDS: &str = "free_bytes:integer? total_bytes:integer? used_pct:number?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/server-metrics",
            "How the server fares as a whole",
            DatabaseAccess::CLICKHOUSE,
            now,
        )
        .object("ServerMetrics")
        .schema("ServerMetrics", format!("{HOST_FIELDS} hosts:HostMetrics[] unavailable?"))
        .schema("HostMetrics", HOST_FIELDS)
        .schema("HostMemory", "resident_bytes:integer? tracked_bytes:integer? limit_bytes:integer?")
        .schema("HostConnections", HOST_CONNECTIONS_FIELDS)
        .schema("HostQueries", HOST_QUERIES_FIELDS)
        .schema("BackgroundPool", "name active:integer? size:integer?")
        .schema("Disk", format!("name path? type? {ROOM_FIELDS}")),
        Route::get(
            "/api/v1/databases/{id}/server-metrics/timeseries",
            "How the server fared as a whole",
            DatabaseAccess::CLICKHOUSE,
            timeseries,
        )
        .buckets()
        .list("HostPoint")
        .schema("HostPoint", HOST_POINT_FIELDS)
        .schema("DiskPoint", format!("name? {ROOM_FIELDS}")),
    ]
}

const HOST_CONNECTIONS_FIELDS: &str = "tcp:integer? http:integer? mysql:integer? postgres:integer? \
    interserver:integer?";
const HOST_QUERIES_FIELDS: &str = "running:integer? per_second:number? inserts_per_second:number? \
    failed_per_second:number?";
const HOST_POINT_FIELDS: &str = "ts:time host_name? memory:HostMemory connections:HostConnections \
    queries:HostQueries disks:DiskPoint[]";

#[derive(Serialize)]
struct ServerMetricsJson<'a> {
    /// All null when the server is away.
    #[serde(flatten)]
    now: &'a ServerMetrics,
    /// Why something is missing.
    unavailable: Option<&'a str>,
}

async fn now(_: Request, watched: Watched) -> Answer {
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

async fn timeseries(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &SERVER_METRICS, window).await?;
    let points = server_metrics::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    let reason = if points.is_empty() { watched.unavailable_reason(COLLECTOR).await } else { None };
    response::list_with_reason(&points, points.len(), reason.as_deref())
}
