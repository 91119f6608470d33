//! `GET /api/v1/databases/{id}/indexes` and below: what indexes are used for, and which of them are not needed.

use basira_actors::model::streams::INDEXES;
use serde::Serialize;

use super::lookup::{self, Bucket};
use crate::http::{Answer, ApiError, Choice, DatabaseAccess, Request, Route, Watched, response};
use crate::views::json_cells::GapRow;
use crate::views::relations::indexes::{self, IndexLine, Rank, UnusedIndex};
use crate::views::relations::overlap::Overlap;

/// Counts.
const COLLECTOR: &str = "pg_stat_user_indexes";
/// Says what an index is.
const CATALOG: &str = "pg_index";

const INDEX_FIELDS: &str = "database_name schema_name table_name index_name idx_scan:integer? idx_tup_read:integer? \
    idx_tup_fetch:integer? idx_blks_read:integer? idx_blks_hit:integer? size_bytes:integer? size_is_exact:boolean index_def? \
    is_unique:boolean? is_primary:boolean? is_valid:boolean? is_ready:boolean? constraint_backed:boolean? \
    last_idx_scan:time? ts:time";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/indexes",
            "Indexes as the server counts them",
            DatabaseAccess::POSTGRES,
            list,
        )
        .query("sort_by", "{size|scans|tuples_read}", "size if not given")
        .limit(50, 500)
        .database()
        .list("Index")
        .schema("Index", INDEX_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/indexes/duplicates",
            "Indexes that do what another one does already",
            DatabaseAccess::POSTGRES,
            duplicates,
        )
        .limit(50, 500)
        .database()
        .list("NeedlessIndexes")
        .schema("NeedlessIndexes", NEEDLESS_INDEXES_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/indexes/invalid",
            "Indexes that cost writes and help no read",
            DatabaseAccess::POSTGRES,
            invalid,
        )
        .limit(50, 500)
        .database()
        .list("Index"),
        Route::get(
            "/api/v1/databases/{id}/indexes/unused",
            "Indexes without a scan, larger than 1 MB, that nothing needs",
            DatabaseAccess::POSTGRES,
            unused,
        )
        .limit(50, 500)
        .database()
        .list("UnusedIndex")
        .schema("UnusedIndex", format!("{INDEX_FIELDS} {UNUSED_INDEX_FIELDS}")),
        Route::get(
            "/api/v1/databases/{id}/indexes/{schema}/{name}",
            "One index over time",
            DatabaseAccess::POSTGRES,
            detail,
        )
        .window()
        .database()
        .object("IndexDetail")
        .schema("IndexDetail", format!("{INDEX_FIELDS} {INDEX_DETAIL_FIELDS}"))
        .schema("IndexPoint", INDEX_POINT_FIELDS),
    ]
}

const NEEDLESS_INDEXES_FIELDS: &str = "database_name schema_name table_name reason={duplicate|redundant} keep \
    drop:string[] reclaimable_bytes:integer indexes:Index[]";
const UNUSED_INDEX_FIELDS: &str = "used_on_standby:boolean? stats_age_days:number";
const INDEX_DETAIL_FIELDS: &str = "bucket_seconds:integer timeseries:IndexPoint[] gaps:Gap[]";
const INDEX_POINT_FIELDS: &str = "ts:time idx_scan:integer? idx_tup_read:integer? idx_tup_fetch:integer? \
    idx_blks_read:integer? idx_blks_hit:integer? size_bytes:integer?";

impl Choice for Rank {
    const ALL: &'static [(&'static str, Self)] =
        &[("size", Self::Size), ("scans", Self::Scans), ("tuples_read", Self::TuplesRead)];
}

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    index: IndexLine,
    bucket_seconds: i64,
    timeseries: Vec<Bucket>,
    gaps: Vec<GapRow>,
}

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let limit = query.limit(50, 500)?;
    let rank = query.choice("sort_by", Rank::Size)?;
    let views = watched.views(&request)?;
    let mut lines: Vec<IndexLine> = views.iter().flat_map(|view| view.index_lines()).collect();
    indexes::sort(&mut lines, rank);
    let reason = watched.unavailable_reason(COLLECTOR).await;
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}

async fn unused(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(50, 500)?;
    let mut lines: Vec<UnusedIndex> = Vec::new();
    for view in watched.views(&request)? {
        let standbys = watched.standbys(&request, &view).await?;
        lines.extend(view.unused_indexes(&standbys));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.index.size_bytes));
    let reason = watched.unavailable_reason(COLLECTOR).await.or(watched.unavailable_reason(CATALOG).await);
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}

async fn duplicates(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(50, 500)?;
    let groups: Vec<Overlap> = watched.views(&request)?.iter().flat_map(|view| view.overlaps()).collect();
    let reason = watched.unavailable_reason(CATALOG).await;
    response::list_with_reason(&groups[..limit.min(groups.len())], groups.len(), reason.as_deref())
}

/// Left over by a `CREATE INDEX CONCURRENTLY` that failed, or still being built by one.
async fn invalid(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(50, 500)?;
    let views = watched.views(&request)?;
    let mut lines: Vec<IndexLine> = views.iter().flat_map(|view| view.index_lines()).collect();
    lines.retain(|line| line.is_valid == Some(false));
    indexes::sort(&mut lines, Rank::Size);
    let reason = watched.unavailable_reason(CATALOG).await;
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}

async fn detail(request: Request, watched: Watched) -> Answer {
    let (window, bucket_ms) = lookup::window(&request, &watched, &INDEXES).await?;
    let (schema, name) = (request.path_text("schema"), request.path_text("name"));
    let is_meant = |line: &IndexLine| *line.schema_name == *schema && *line.index_name == *name;
    let views = watched.views(&request)?;
    let index = views.iter().find_map(|view| view.index_lines().into_iter().find(is_meant));
    let index = index.ok_or(ApiError::not_found("index"))?;
    let samples = &request.app.samples;
    let points = samples.points(watched.scope, &INDEXES, index.series, window, bucket_ms).await?;
    let gaps = samples.gaps(watched.scope, &INDEXES, window).await?;
    response::ok(&Detail {
        index,
        bucket_seconds: bucket_ms / 1000,
        timeseries: lookup::timeseries(lookup::series(&INDEXES, &points)),
        gaps: gaps.into_iter().map(GapRow::from).collect(),
    })
}
