//! `GET /api/v1/databases/{id}/database-stats`: what each database of the server did, and how large and old it is.

use std::collections::HashMap;

use basira_actors::model::streams::DATABASES;
use basira_actors::model::{ColumnKind, DatabaseState, DatabaseStates, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::{Projection, Timeline, Total, Window};
use crate::views::json_cells::{self, Texts};

const DATABASE_FIELDS: &str =
    "numbackends:integer? connection_limit:integer? size_bytes:integer? xid_age:integer? mxid_age:integer?";
const DATABASE_DID_FIELDS: &str = "ts:time database_name? tps:number? cache_hit_ratio:number? commits:integer? rollbacks:integer? \
    blks_read:integer? blks_hit:integer? tup_returned:integer? tup_fetched:integer? tup_inserted:integer? \
    tup_updated:integer? tup_deleted:integer? conflicts:integer? temp_files:integer? temp_bytes:integer? deadlocks:integer? \
    checksum_failures:integer? blk_read_time_ms:number? blk_write_time_ms:number? session_time_ms:number? \
    active_time_ms:number? idle_in_transaction_time_ms:number? sessions:integer? sessions_abandoned:integer? \
    sessions_fatal:integer? sessions_killed:integer? conflicts_tablespace:integer? conflicts_lock:integer? \
    conflicts_snapshot:integer? conflicts_bufferpin:integer? conflicts_deadlock:integer?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/database-stats",
            "What each database of the server did, and how large and old it is",
            DatabaseAccess::POSTGRES,
            list,
        )
        .window()
        .list("DatabaseStats")
        .schema("DatabaseStats", format!("{DATABASE_DID_FIELDS} {DATABASE_FIELDS} stats_reset:time?")),
        Route::get(
            "/api/v1/databases/{id}/database-stats/timeseries",
            "What each database of the server did, over time",
            DatabaseAccess::POSTGRES,
            timeseries,
        )
        .buckets()
        .database()
        .list("DatabaseStatsPoint")
        .schema("DatabaseStatsPoint", format!("{DATABASE_DID_FIELDS} {DATABASE_FIELDS}")),
    ]
}

/// One database: how it is now, and what it did within the window.
#[derive(Serialize)]
struct DatabaseStatsJson {
    ts: Timestamp,
    #[serde(flatten)]
    now: DatabaseState,
    #[serde(flatten)]
    did: Map<String, Value>,
}

/// One database in one bucket.
#[derive(Serialize)]
struct Point {
    ts: Timestamp,
    database_name: Option<String>,
    #[serde(flatten)]
    did: Map<String, Value>,
}

async fn list(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let totals = request.app.samples.totals(watched.scope, &DATABASES, window, &Projection::ALL).await?;
    let hashes = json_cells::words(&DATABASES, totals.iter().map(|total| &total.values[..]));
    let texts = request.app.samples.words(watched.scope.organization, &hashes).await?;
    let by_name: HashMap<Option<&str>, &Total> =
        totals.iter().map(|total| (name_of(&total.values, &texts), total)).collect();
    let reason = watched.degraded_reason("pg_stat_database").await;
    let Some(snapshot) = watched.newest::<DatabaseStates>() else {
        return response::unavailable_list(reason.as_deref().unwrap_or("it is not looked at yet"));
    };
    let line = |now: &DatabaseState| {
        let total = by_name.get(&now.database_name.as_deref());
        let values = total.map_or(&[][..], |total| &total.values);
        let seconds = total.map(|total| seconds(total, window));
        DatabaseStatsJson { ts: snapshot.at, now: now.clone(), did: did(values, seconds) }
    };
    let mut lines: Vec<DatabaseStatsJson> = snapshot.databases.iter().map(line).collect();
    lines.sort_by(|a, b| a.now.database_name.cmp(&b.now.database_name));
    response::list_with_reason(&lines, lines.len(), reason.as_deref())
}

/// `database` takes the name of one of them; without it all are shown.
async fn timeseries(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &DATABASES, window).await?;
    let only = query.text("database")?;
    let samples = &request.app.samples;
    let timelines = samples.timelines(watched.scope, &DATABASES, window, bucket_ms, &Projection::ALL).await?;
    let values = timelines.iter().flat_map(|timeline| &timeline.points).map(|point| &point.values[..]);
    let texts = samples.words(watched.scope.organization, &json_cells::words(&DATABASES, values)).await?;
    let mut points: Vec<Point> =
        timelines.iter().flat_map(|timeline| points(timeline, bucket_ms, &texts)).collect();
    points.retain(|point| only.is_none_or(|only| point.database_name.as_deref() == Some(only)));
    points.sort_by(|a, b| (a.ts, &a.database_name).cmp(&(b.ts, &b.database_name)));
    response::list(&points, points.len())
}

fn points(timeline: &Timeline, bucket_ms: i64, texts: &Texts) -> impl Iterator<Item = Point> {
    timeline.points.iter().map(move |point| {
        let mut did = did(&point.values, Some(json_cells::float(bucket_ms) / 1000.0));
        did.extend(json_cells::columns(&DATABASES, &point.values, texts, |column| {
            column.kind == ColumnKind::Last
        }));
        Point { ts: point.ts, database_name: name_of(&point.values, texts).map(str::to_owned), did }
    })
}

fn name_of<'a>(values: &[i64], texts: &'a Texts) -> Option<&'a str> {
    json_cells::text(&DATABASES, values, texts, "database_name").map(AsRef::as_ref)
}

/// How much of `window` the records of `total` cover.
fn seconds(total: &Total, window: Window) -> f64 {
    let (first, last) = (total.first.max(window.since), total.last.min(window.until));
    last.since(first).as_secs_f64()
}

/// Every counter by its name, and what follows from them.
fn did(values: &[i64], seconds: Option<f64>) -> Map<String, Value> {
    let mut did = if values.is_empty() {
        let unknown = vec![basira_actors::model::NULL; DATABASES.columns.len()];
        json_cells::columns(&DATABASES, &unknown, &Texts::new(), |column| column.kind == ColumnKind::Sum)
    } else {
        json_cells::columns(&DATABASES, values, &Texts::new(), |column| column.kind == ColumnKind::Sum)
    };
    let cell = |name| json_cells::cell(&DATABASES, values, name);
    let transactions = cell("commits").zip(cell("rollbacks")).map(|(commits, rollbacks)| commits + rollbacks);
    let seconds = seconds.filter(|seconds| *seconds > 0.0);
    let tps = transactions.zip(seconds).map(|(count, seconds)| json_cells::float(count) / seconds);
    let blocks = cell("blks_hit").zip(cell("blks_read")).filter(|(hit, read)| hit + read > 0);
    let ratio = blocks.map(|(hit, read)| json_cells::float(hit) / json_cells::float(hit + read));
    did.insert("tps".to_owned(), tps.into());
    did.insert("cache_hit_ratio".to_owned(), ratio.into());
    did
}

#[cfg(test)]
mod tests {
    use basira_actors::model::NULL;
    use serde_json::{Value, json};

    use super::{DATABASES, did};

    #[test]
    fn ratios_are_null_without_anything_to_compare() {
        let mut values = vec![NULL; DATABASES.columns.len()];
        let known = |values: &[i64], name: &str| did(values, Some(10.0))[name].clone();
        assert_eq!((known(&values, "tps"), known(&values, "commits")), (Value::Null, Value::Null));
        for (name, value) in [("commits", 15), ("rollbacks", 5), ("blks_hit", 30), ("blks_read", 10)] {
            values[DATABASES.column(name).expect("a column")] = value;
        }
        assert_eq!(known(&values, "tps"), json!(2.0));
        assert_eq!(known(&values, "cache_hit_ratio"), json!(0.75));
        assert_eq!(did(&[], None)["commits"], Value::Null);
    }
}
