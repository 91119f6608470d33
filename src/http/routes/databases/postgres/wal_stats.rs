//! `GET /api/v1/databases/{id}/wal-stats` and `/wal-stats/timeseries`: how much WAL the server wrote.

use basira_actors::model::streams::WAL;
use basira_actors::model::{NULL, Timestamp, WalCounters};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::Projection;
use crate::views::buckets;
use crate::views::json_cells::{self, Bucket, Texts};

const COLLECTOR: &str = "pg_stat_wal";

const WAL_FIELDS: &str = "wal_records:integer? wal_fpi:integer? wal_bytes:integer? wal_buffers_full:integer? wal_write:integer? \
    wal_sync:integer? wal_write_time_ms:number? wal_sync_time_ms:number?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/wal-stats",
            "How much WAL the server wrote since the counters were reset",
            DatabaseAccess::POSTGRES,
            now,
        )
        .object("WalStats")
        .schema("WalStats", format!("ts:time? {WAL_FIELDS} stats_reset:time?")),
        Route::get(
            "/api/v1/databases/{id}/wal-stats/timeseries",
            "How much WAL the server wrote, over time",
            DatabaseAccess::POSTGRES,
            timeseries,
        )
        .window()
        .list("WalPoint")
        .schema("WalPoint", format!("ts:time {WAL_FIELDS}")),
    ]
}

/// Since `stats_reset`.
#[derive(Serialize)]
struct Counters {
    ts: Option<Timestamp>,
    #[serde(flatten)]
    counters: Map<String, Value>,
    stats_reset: Option<Timestamp>,
}

async fn now(_: Request, watched: Watched) -> Answer {
    let mut reason = watched.unavailable_reason(COLLECTOR).await;
    let seen = watched.newest::<WalCounters>();
    if seen.is_none() {
        reason.get_or_insert_with(|| "it is not looked at yet".to_owned());
    }
    let values = seen.as_ref().map_or([NULL; WAL.columns.len()], |seen| seen.values);
    let counters = Counters {
        ts: seen.as_ref().map(|seen| seen.at),
        counters: json_cells::columns(&WAL, &values, &Texts::new(), |_| true),
        stats_reset: seen.as_ref().and_then(|seen| seen.reset_at),
    };
    response::ok_with_reason(&counters, reason.as_deref())
}

async fn timeseries(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let samples = &request.app.samples;
    let bucket_ms = buckets::bucket_ms(&**samples, watched.scope, &WAL, window).await?;
    let timelines = samples.timelines(watched.scope, &WAL, window, bucket_ms, &Projection::ALL).await?;
    let points = timelines.iter().flat_map(|timeline| &timeline.points);
    let lines: Vec<Bucket> = points.map(|point| Bucket::new(&WAL, point, &Texts::new())).collect();
    let reason = if lines.is_empty() { watched.unavailable_reason(COLLECTOR).await } else { None };
    response::list_with_reason(&lines, lines.len(), reason.as_deref())
}
