//! The plans of one statement, each once with what was seen of it last.

use basira_actors::model::Timestamp;
use basira_actors::model::streams::{PLANS, STATEMENTS};
use basira_actors::plan::Unplanned;
use basira_actors::text::Fingerprint;

use crate::http::{Answer, ApiError, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::{Total, Window};
use crate::views::json_cells;
use crate::views::plans::{self, PlanJson};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/queries/{hash}/explain",
            "The plans of one statement, newest first",
            DatabaseAccess::POSTGRES,
            explain,
        )
        .window()
        .limit(10, 50)
        .list("Plan")
        .schema("Plan", PLAN_FIELDS),
    ]
}

const PLAN_FIELDS: &str = "ts:time plan_json:any plan_hash:hash? total_cost:number? actual_time_ms:number? \
    seq_scans:integer? index_scans:integer? rows_estimated:number? rows_actual:number? source? query_text?";

async fn explain(request: Request, watched: Watched) -> Answer {
    let query = request.path_hash("hash")?;
    let parameters = request.query()?;
    let window = parameters.window(Timestamp::now())?;
    let limit = parameters.limit(10, 50)?;

    let samples = &request.app.samples;
    let found = plans_of(&request, &watched, query, window).await?;
    if found.is_empty() {
        let ever = Window { since: Timestamp(0), until: Timestamp::now() };
        let known = !samples.members(watched.scope, &STATEMENTS, query).await?.is_empty()
            || !plans_of(&request, &watched, query, ever).await?.is_empty();
        if !known {
            return Err(ApiError::not_found("query"));
        }
        return response::unavailable_list(&why_none(&watched, query).await);
    }
    let count = found.len();
    let newest = plans::newest(found, limit);
    let hashes = json_cells::words(&PLANS, newest.iter().map(|total| &total.values[..]));
    let texts = samples.words(watched.scope.organization, &hashes).await?;
    let lines: Vec<PlanJson> = newest.iter().map(|total| PlanJson::new(total, &texts)).collect();
    response::list(&lines, count)
}

async fn plans_of(
    request: &Request,
    watched: &Watched,
    query: u64,
    window: Window,
) -> Result<Vec<Total>, ApiError> {
    let samples = &request.app.samples;
    let owners = samples.totals(watched.scope, &PLANS, window, &plans::owners()).await?;
    let wanted = plans::of(query, &owners);
    if wanted.groups.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    Ok(samples.totals(watched.scope, &PLANS, window, &wanted).await?)
}

/// Why a statement that is known has no plan in the window.
async fn why_none(watched: &Watched, query: u64) -> String {
    if !watched.database.collect_explain_plans {
        return "collect_explain_plans is off for this database".to_owned();
    }
    let unplanned = watched.newest::<Unplanned>();
    if let Some(reason) = unplanned.as_ref().and_then(|unplanned| unplanned.0.get(&Fingerprint(query))) {
        return reason.clone();
    }
    let not_yet = "no plan of it was seen in this window: the 50 statements that take the most time are planned in turn";
    watched.unavailable_reason("explain_plans").await.unwrap_or_else(|| not_yet.to_owned())
}
