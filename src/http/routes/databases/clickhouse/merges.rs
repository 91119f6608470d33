//! `GET /api/v1/databases/{id}/merges`: the merges that run on ClickHouse now, the longest first.

use basira_actors::model::MergeSnapshot;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/merges",
            "The merges that run now, the longest first",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .limit(100, 500)
        .list("Merge")
        .schema("Merge", MERGE_FIELDS),
    ]
}

const MERGE_FIELDS: &str = "host_name? database table elapsed_ms:integer? progress_pct:number? num_parts:integer? \
    total_size_bytes_compressed:integer? bytes_read_uncompressed:integer? rows_read:integer? \
    rows_written:integer? memory_usage:integer? is_mutation:boolean? merge_type? result_part_name?";

async fn list(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(100, 500)?;
    match watched.snapshot_or_reason::<MergeSnapshot>("ch_merges").await {
        Ok(seen) => response::list(&seen.merges[..limit.min(seen.merges.len())], seen.merges.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
