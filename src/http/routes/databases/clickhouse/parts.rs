//! `GET /api/v1/databases/{id}/parts`: the tables of ClickHouse that have parts, those nearest to refusing inserts first.

use basira_actors::model::PartsSnapshot;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::relations::parts;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/parts",
            "The tables that have parts, those nearest to refusing inserts first",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .limit(50, 500)
        .database()
        .list("Part")
        .schema("Part", PART_FIELDS),
    ]
}

const PART_FIELDS: &str = "host_name database table engine partitions:integer active_parts:integer rows:integer? \
    bytes_on_disk:integer? bytes_compressed:integer bytes_uncompressed:integer compression_ratio:number? \
    max_parts_in_partition:integer fullest_partition? parts_to_delay_insert:integer? \
    parts_to_throw_insert:integer? detached_parts:integer? last_modification:time? ts:time";

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let limit = query.limit(50, 500)?;
    let only = query.text("database")?;
    let snapshot = watched.newest::<PartsSnapshot>();
    let mut lines = snapshot.map(|seen| parts::parts_lines(&seen)).unwrap_or_default();
    lines.retain(|line| only.is_none_or(|only| *only == *line.database));
    let reason = watched.degraded_reason("ch_parts").await;
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}
