//! How the nodes of a ClickHouse server fared over time.

use std::collections::BTreeMap;

use basira_actors::model::streams::{DISKS, SERVER_METRICS};
use basira_actors::model::{Disk, HostConnections, HostMemory, HostQueries, Timestamp};
use serde::Serialize;

use super::json_cells::{self, Row, Texts, float};
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Timeline, Window};

/// One node in one bucket: the newest readings in it, and rates over all of it that was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostPoint {
    pub ts: Timestamp,
    pub host_name: Option<String>,
    pub memory: HostMemory,
    pub connections: HostConnections,
    pub queries: HostQueries,
    pub disks: Vec<Room>,
}

/// How full a disk was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Room {
    pub name: Option<String>,
    pub free_bytes: Option<i64>,
    pub total_bytes: Option<i64>,
    pub used_pct: Option<f64>,
}

/// Rooms by bucket and node.
type Rooms = BTreeMap<(Timestamp, Option<String>), Vec<Room>>;

/// The nodes in `window` in buckets of `bucket_ms`, oldest first, then by name.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn over(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    window: Window,
    bucket_ms: i64,
) -> Result<Vec<HostPoint>, StoreError> {
    let metrics = samples.timelines(scope, &SERVER_METRICS, window, bucket_ms, &Projection::ALL).await?;
    let disks = samples.timelines(scope, &DISKS, window, bucket_ms, &Projection::ALL).await?;
    let mut hashes = json_cells::words(&SERVER_METRICS, values(&metrics));
    hashes.extend(json_cells::words(&DISKS, values(&disks)));
    let texts = samples.words(scope.organization, &hashes).await?;
    Ok(points(&metrics, &disks, &texts))
}

fn values(timelines: &[Timeline]) -> impl Iterator<Item = &[i64]> {
    timelines.iter().flat_map(|timeline| &timeline.points).map(|point| &point.values[..])
}

fn points(metrics: &[Timeline], disks: &[Timeline], texts: &Texts) -> Vec<HostPoint> {
    let mut rooms = Rooms::new();
    for point in disks.iter().flat_map(|timeline| &timeline.points) {
        let row = Row { stream: &DISKS, values: &point.values, texts };
        rooms.entry((point.ts, row.text("host_name"))).or_default().push(room(row));
    }
    let points = metrics.iter().flat_map(|timeline| &timeline.points);
    let mut points: Vec<HostPoint> = points
        .map(|point| {
            let row = Row { stream: &SERVER_METRICS, values: &point.values, texts };
            let host_name = row.text("host_name");
            let mut disks = rooms.remove(&(point.ts, host_name.clone())).unwrap_or_default();
            disks.sort_by(|a, b| a.name.cmp(&b.name));
            host_point(point.ts, host_name, row, disks)
        })
        .collect();
    points.sort_by(|a, b| (a.ts, &a.host_name).cmp(&(b.ts, &b.host_name)));
    points
}

fn room(row: Row<'_>) -> Room {
    let (free_bytes, total_bytes) = (row.cell("free_bytes"), row.cell("total_bytes"));
    let used_pct = Disk::used_pct(free_bytes, total_bytes);
    Room { name: row.text("name"), free_bytes, total_bytes, used_pct }
}

fn host_point(ts: Timestamp, host_name: Option<String>, row: Row<'_>, disks: Vec<Room>) -> HostPoint {
    let rate = |name| {
        let counted_us = row.cell("counted_us").filter(|us| *us > 0)?;
        Some((float(row.cell(name)?) * 1e9 / float(counted_us)).round() / 1000.0)
    };
    HostPoint {
        ts,
        host_name,
        memory: HostMemory {
            resident_bytes: row.cell("resident_bytes"),
            tracked_bytes: row.cell("tracked_bytes"),
            limit_bytes: row.cell("limit_bytes"),
        },
        connections: HostConnections {
            tcp: row.cell("tcp_connections"),
            http: row.cell("http_connections"),
            mysql: row.cell("mysql_connections"),
            postgres: row.cell("postgres_connections"),
            interserver: row.cell("interserver_connections"),
        },
        queries: HostQueries {
            running: row.cell("running_queries"),
            per_second: rate("queries"),
            inserts_per_second: rate("inserts"),
            failed_per_second: rate("failed_queries"),
        },
        disks,
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::model::NULL;

    use super::*;
    use crate::samples::Point;

    fn point(stream: &'static basira_actors::model::Stream, ts: i64, cells: &[(&str, i64)]) -> Point {
        let mut values = vec![NULL; stream.columns.len()];
        for (name, value) in cells {
            values[stream.column(name).expect("a column")] = *value;
        }
        Point { ts: Timestamp(ts), values }
    }

    #[test]
    fn rates_are_per_counted_second() {
        let texts = Texts::from([(1, "a".into()), (2, "default".into())]);
        let counted = [("host_name", 1), ("queries", 30), ("inserts", 0), ("counted_us", 20_000_000)];
        let metrics = Timeline {
            group: 7,
            points: vec![
                point(&SERVER_METRICS, 60_000, &[("host_name", 1), ("running_queries", 4)]),
                point(&SERVER_METRICS, 0, &counted),
            ],
        };
        let room = [("host_name", 1), ("name", 2), ("free_bytes", 25), ("total_bytes", 100)];
        let disks = Timeline { group: 8, points: vec![point(&DISKS, 60_000, &room)] };
        let [first, second] = &points(&[metrics], &[disks], &texts)[..] else { panic!("two points") };
        assert_eq!(first.queries.per_second, Some(1.5));
        assert_eq!((first.queries.inserts_per_second, first.queries.failed_per_second), (Some(0.0), None));
        assert_eq!((second.queries.running, second.queries.per_second), (Some(4), None));
        assert_eq!((second.disks[0].used_pct, first.disks.len()), (Some(75.0), 0));
    }
}
