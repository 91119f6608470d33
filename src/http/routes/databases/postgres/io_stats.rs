//! `GET /api/v1/databases/{id}/io-stats` and `/io-stats/timeseries`: what was read and written, by kind of backend,
//! object and context.

use basira_actors::model::streams::IO;
use basira_actors::model::{ColumnKind, IoCounterRow, IoCounters, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::Projection;
use crate::views::buckets;
use crate::views::json_cells::{self, Bucket, Texts, words};

const COLLECTOR: &str = "pg_stat_io";

const IO_FIELDS: &str = "ts:time reads:integer? read_bytes:integer? read_time_ms:number? writes:integer? write_bytes:integer? \
    write_time_ms:number? writebacks:integer? writeback_time_ms:number? extends:integer? extend_bytes:integer? \
    extend_time_ms:number? hits:integer? evictions:integer? reuses:integer? fsyncs:integer? fsync_time_ms:number?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/io-stats",
            "What was read and written, by kind of backend, object and context",
            DatabaseAccess::POSTGRES,
            now,
        )
        .list("IoStats")
        .schema("IoStats", format!("backend_type object context {IO_FIELDS}")),
        Route::get(
            "/api/v1/databases/{id}/io-stats/timeseries",
            "What was read and written, over time",
            DatabaseAccess::POSTGRES,
            timeseries,
        )
        .window()
        .list("IoPoint")
        .schema("IoPoint", format!("backend_type? object? context? {IO_FIELDS}")),
    ]
}

/// Since the counters were reset last; null where there can be no such operation, or its time is not measured.
#[derive(Serialize)]
struct Counters<'a> {
    ts: Timestamp,
    backend_type: &'a str,
    object: &'a str,
    context: &'a str,
    #[serde(flatten)]
    counters: Map<String, Value>,
}

impl<'a> Counters<'a> {
    fn new(ts: Timestamp, row: &'a IoCounterRow) -> Self {
        let counters =
            json_cells::columns(&IO, &row.values, &Texts::new(), |column| column.kind != ColumnKind::Text);
        Self { ts, backend_type: &row.backend_type, object: &row.object, context: &row.context, counters }
    }
}

async fn now(_: Request, watched: Watched) -> Answer {
    let mut reason = watched.unavailable_reason(COLLECTOR).await;
    let seen = watched.newest::<IoCounters>();
    if seen.is_none() {
        reason.get_or_insert_with(|| "it is not looked at yet".to_owned());
    }
    let rows: Vec<Counters<'_>> =
        seen.iter().flat_map(|seen| seen.rows.iter().map(|row| Counters::new(seen.at, row))).collect();
    response::list_with_reason(&rows, rows.len(), reason.as_deref())
}

/// Who did nothing in a bucket has no line there.
async fn timeseries(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let samples = &request.app.samples;
    let bucket_ms = buckets::bucket_ms(&**samples, watched.scope, &IO, window).await?;
    let timelines = samples.timelines(watched.scope, &IO, window, bucket_ms, &Projection::ALL).await?;
    let mut points: Vec<_> = timelines.iter().flat_map(|timeline| &timeline.points).collect();
    points.sort_by_key(|point| point.ts);
    let texts = words(&IO, points.iter().map(|point| &*point.values));
    let texts = samples.words(watched.scope.organization, &texts).await?;
    let lines: Vec<Bucket> = points.into_iter().map(|point| Bucket::new(&IO, point, &texts)).collect();
    let reason = if lines.is_empty() { watched.unavailable_reason(COLLECTOR).await } else { None };
    response::list_with_reason(&lines, lines.len(), reason.as_deref())
}
