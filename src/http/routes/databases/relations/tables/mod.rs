//! `GET /api/v1/databases/{id}/tables` and `/tables/{schema}/{name}`: tables as the server counts them, and over time.

mod clickhouse;
mod detail;

use basira_actors::model::streams::{INDEXES, TABLES};
use basira_actors::model::{Engine, NULL};

use self::detail::TableDetail;
use super::lookup::{self, Bucket};
use crate::http::{Answer, ApiError, Choice, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::{Projection, Window};
use crate::views::json_cells::GapRow;
use crate::views::relations::tables::{self, Rank, TableLine};

const COLLECTOR: &str = "pg_stat_user_tables";

const TABLE_FIELDS: &str = "database_name schema_name table_name seq_scan:integer? seq_tup_read:integer? idx_scan:integer? \
    n_tup_ins:integer? n_tup_upd:integer? n_tup_del:integer? n_tup_hot_upd:integer? heap_blks_read:integer? \
    heap_blks_hit:integer? n_live_tup:integer? n_dead_tup:integer? n_mod_since_analyze:integer? last_vacuum:time? \
    last_autovacuum:time? last_analyze:time? last_autoanalyze:time? table_size_bytes:integer? toast_size_bytes:integer? \
    index_size_bytes:integer? total_size_bytes:integer? size_is_exact:boolean ts:time \
    (host_name hosts:integer engine partitions:integer? active_parts:integer? bytes_compressed:integer? \
    bytes_uncompressed:integer? compression_ratio:number? max_parts_in_partition:integer?)";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/tables",
            "Tables as the server counts them",
            DatabaseAccess::ANY,
            list,
        )
        .query("sort_by", "{size|dead_tuples|seq_scans|live_tuples|index_size}", "size if not given")
        .limit(50, 500)
        .database()
        .list("Table")
        .schema("Table", TABLE_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/tables/{schema}/{name}",
            "One table over time",
            DatabaseAccess::ANY,
            detail,
        )
        .window()
        .database()
        .object("TableDetail")
        .schema("TableDetail", format!("{TABLE_FIELDS} {TABLE_DETAIL_FIELDS}"))
        .schema("TablePoint", TABLE_POINT_FIELDS),
    ]
}

const TABLE_DETAIL_FIELDS: &str = "indexes:Index[]? (parts:Part[]) bucket_seconds:integer timeseries:TablePoint[] \
    gaps:Gap[]";
const TABLE_POINT_FIELDS: &str = "ts:time (seq_scan:integer? seq_tup_read:integer? idx_scan:integer? \
    n_tup_ins:integer? n_tup_upd:integer? n_tup_del:integer? n_tup_hot_upd:integer? heap_blks_read:integer? \
    heap_blks_hit:integer? n_live_tup:integer? n_dead_tup:integer? n_mod_since_analyze:integer? last_vacuum:time? \
    last_autovacuum:time? last_analyze:time? last_autoanalyze:time? table_size_bytes:integer?) (rows:integer? \
    bytes_on_disk:integer? active_parts:integer? max_parts_in_partition:integer?)";

impl Choice for Rank {
    const ALL: &'static [(&'static str, Self)] = &[
        ("size", Self::Size),
        ("dead_tuples", Self::DeadTuples),
        ("seq_scans", Self::SeqScans),
        ("live_tuples", Self::LiveTuples),
        ("index_size", Self::IndexSize),
    ];
}

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let limit = query.limit(50, 500)?;
    let rank = query.choice("sort_by", Rank::Size)?;
    let (mut lines, collector) = match watched.database.engine {
        Engine::Postgres => {
            let views = watched.views(&request)?;
            (views.iter().flat_map(|view| view.table_lines()).collect(), COLLECTOR)
        }
        Engine::Clickhouse => (clickhouse::lines(&watched, &request)?, clickhouse::COLLECTOR),
    };
    tables::sort(&mut lines, rank);
    let reason = watched.unavailable_reason(collector).await;
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}

async fn detail(request: Request, watched: Watched) -> Answer {
    if watched.database.engine == Engine::Clickhouse {
        return clickhouse::detail(&request, &watched).await;
    }
    let (window, bucket_ms) = lookup::window(&request, &watched, &TABLES).await?;
    let (schema, name) = (request.path_text("schema"), request.path_text("name"));
    let found = watched.views(&request)?.into_iter().find_map(|view| {
        let is_meant = |line: &TableLine| *line.schema_name == *schema && *line.table_name == *name;
        view.table_lines().into_iter().find(is_meant).map(|table| (view, table))
    });
    let (view, table) = found.ok_or(ApiError::not_found("table"))?;
    let mut indexes = view.index_lines();
    indexes.retain(|index| index.table_oid == table.oid);
    indexes.sort_by(|a, b| a.index_name.cmp(&b.index_name));
    let groups = indexes.iter().map(|index| index.series).collect();
    let timeseries = timeseries(&request, &watched, table.series, groups, (window, bucket_ms)).await?;
    let gaps = request.app.samples.gaps(watched.scope, &TABLES, window).await?;
    response::ok(&TableDetail {
        table,
        indexes: Some(indexes),
        parts: None,
        bucket_seconds: bucket_ms / 1000,
        timeseries,
        gaps: gaps.into_iter().map(GapRow::from).collect(),
    })
}

/// A table over time, with the scans of its indexes.
async fn timeseries(
    request: &Request,
    watched: &Watched,
    table: u64,
    indexes: Vec<u64>,
    (window, bucket_ms): (Window, i64),
) -> Result<Vec<Bucket>, ApiError> {
    let samples = &request.app.samples;
    let points = samples.points(watched.scope, &TABLES, table, window, bucket_ms).await?;
    let mut series = lookup::series(&TABLES, &points);
    let scan = INDEXES.column("idx_scan");
    let has_indexes = !indexes.is_empty();
    let wanted =
        Projection { columns: Some(scan.into_iter().collect()), groups: Some(indexes), ..Projection::ALL };
    let timelines = if has_indexes {
        samples.timelines(watched.scope, &INDEXES, window, bucket_ms, &wanted).await?
    } else {
        Vec::new()
    };
    for figures in series.values_mut() {
        figures.insert("idx_scan".to_owned(), if has_indexes { 0.into() } else { None::<i64>.into() });
    }
    for point in timelines.iter().flat_map(|timeline| &timeline.points) {
        let scans = scan.and_then(|scan| point.values.get(scan)).copied().filter(|scans| *scans != NULL);
        let figures = series.entry(point.ts).or_insert_with(|| lookup::empty_bucket(&TABLES));
        let before = figures.get("idx_scan").and_then(serde_json::Value::as_i64).unwrap_or(0);
        figures.insert("idx_scan".to_owned(), (before + scans.unwrap_or(0)).into());
    }
    Ok(lookup::timeseries(series))
}
