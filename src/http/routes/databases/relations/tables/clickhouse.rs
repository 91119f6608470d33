//! Tables of ClickHouse.

use std::collections::BTreeMap;

use basira_actors::model::streams::PARTS;
use basira_actors::model::{PartsSnapshot, Timestamp};

use super::super::lookup::{self, Bucket};
use super::detail::TableDetail;
use crate::http::{Answer, ApiError, Request, Watched, response};
use crate::samples::{Point, Projection, Window};
use crate::views::json_cells::{GapRow, cell};
use crate::views::relations::parts;
use crate::views::relations::tables::TableLine;

pub(super) const COLLECTOR: &str = "ch_parts";

/// Every table, or those of `?database=` alone.
pub(super) fn lines(watched: &Watched, request: &Request) -> Result<Vec<TableLine>, ApiError> {
    let query = request.query()?;
    let only = query.text("database")?;
    let snapshot = watched.newest::<PartsSnapshot>();
    let mut lines = snapshot.map(|seen| parts::table_lines(&seen)).unwrap_or_default();
    lines.retain(|line| only.is_none_or(|only| *only == *line.schema_name));
    Ok(lines)
}

pub(super) async fn detail(request: &Request, watched: &Watched) -> Answer {
    let (window, bucket_ms) = lookup::window(request, watched, &PARTS).await?;
    let (schema, name) = (request.path_text("schema"), request.path_text("name"));
    let mut lines = lines(watched, request)?;
    lines.retain(|line| *line.schema_name == *schema && *line.table_name == *name);
    let table = lines.pop().ok_or(ApiError::not_found("table"))?;
    let snapshot = watched.newest::<PartsSnapshot>();
    let on_hosts = snapshot.iter().flat_map(|seen| &seen.tables);
    let on_hosts = on_hosts.filter(|other| *other.database == *schema && *other.table == *name);
    let groups = on_hosts.map(|table| table.series).collect();
    let mut parts = snapshot.as_ref().map(|seen| parts::parts_lines(seen)).unwrap_or_default();
    parts.retain(|line| *line.database == *schema && *line.table == *name);
    let timeseries = timeseries(request, watched, groups, (window, bucket_ms)).await?;
    let gaps = request.app.samples.gaps(watched.scope, &PARTS, window).await?;
    response::ok(&TableDetail {
        table,
        indexes: None,
        parts: Some(parts),
        bucket_seconds: bucket_ms / 1000,
        timeseries,
        gaps: gaps.into_iter().map(GapRow::from).collect(),
    })
}

/// A table over time; of its nodes, in each bucket that which had most of it.
async fn timeseries(
    request: &Request,
    watched: &Watched,
    groups: Vec<u64>,
    (window, bucket_ms): (Window, i64),
) -> Result<Vec<Bucket>, ApiError> {
    let wanted = Projection { groups: Some(groups), ..Projection::ALL };
    let samples = &request.app.samples;
    let timelines = samples.timelines(watched.scope, &PARTS, window, bucket_ms, &wanted).await?;
    let bytes = |point: &Point| cell(&PARTS, &point.values, "bytes_on_disk");
    let mut largest: BTreeMap<Timestamp, Point> = BTreeMap::new();
    for point in timelines.into_iter().flat_map(|timeline| timeline.points) {
        if largest.get(&point.ts).is_none_or(|known| bytes(known) < bytes(&point)) {
            largest.insert(point.ts, point);
        }
    }
    let points: Vec<Point> = largest.into_values().collect();
    Ok(lookup::timeseries(lookup::series(&PARTS, &points)))
}
