//! `GET /api/v1/databases/{id}/sequences`: how far sequences have come, the furthest first.

use std::cmp::Ordering;

use basira_actors::model::{Sequence, SequenceSnapshot};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

const SEQUENCE_FIELDS: &str = "database_name schema_name sequence_name data_type increment:integer cycle:boolean \
    last_value:integer? limit_value:integer used_pct:number? remaining:integer? limited_by={sequence|column} table_name? \
    column_name? column_type? ts:time";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/sequences",
            "How far sequences have come, the furthest first",
            DatabaseAccess::POSTGRES,
            list,
        )
        .limit(100, 500)
        .list("Sequence")
        .schema("Sequence", SEQUENCE_FIELDS),
    ]
}

async fn list(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(100, 500)?;
    let reason = watched.degraded_reason("sequences").await;
    let snapshots = watched.newest_of_each::<SequenceSnapshot>();
    let total = snapshots.iter().map(|(_, snapshot)| snapshot.total).sum();
    let mut sequences: Vec<&Sequence> =
        snapshots.iter().flat_map(|(_, snapshot)| &snapshot.sequences).collect();
    let used = |sequence: &Sequence| sequence.used_pct.unwrap_or(-1.0);
    sequences.sort_by(|a, b| used(b).partial_cmp(&used(a)).unwrap_or(Ordering::Equal));
    sequences.truncate(limit);
    response::list_with_reason(&sequences, total, reason.as_deref())
}
