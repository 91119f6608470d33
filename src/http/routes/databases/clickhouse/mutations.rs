//! `GET /api/v1/databases/{id}/mutations`: the mutations of ClickHouse that are not done, the oldest first, then those of the
//! last day that are.

use basira_actors::model::MutationSnapshot;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/mutations",
            "The mutations that are not done, the oldest first",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .limit(100, 500)
        .list("Mutation")
        .schema("Mutation", MUTATION_FIELDS),
    ]
}

const MUTATION_FIELDS: &str = "host_name? database table mutation_id command create_time:time? \
    parts_to_do:integer? is_done:boolean is_killed:boolean? latest_failed_part? latest_fail_time:time? \
    latest_fail_reason? latest_fail_error_code_name? stuck:boolean";

async fn list(request: Request, watched: Watched) -> Answer {
    let limit = request.query()?.limit(100, 500)?;
    match watched.snapshot_or_reason::<MutationSnapshot>("ch_mutations").await {
        Ok(seen) => response::list(&seen.mutations[..limit.min(seen.mutations.len())], seen.mutations.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
