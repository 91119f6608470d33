//! `GET /api/v1/rules`: every health rule, with its threshold and what it costs.

use basira_actors::health;

use crate::auth::{Principal, Role};
use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/rules",
            "Every health rule, with its threshold and what it costs",
            Role::Viewer,
            list,
        )
        .list("Rule")
        .schema("Rule", RULE_FIELDS),
    ]
}

const RULE_FIELDS: &str = "id engine:Engine? category:Category title looks_at unit:Unit threshold:number \
    leave_threshold:number for_seconds:integer window_seconds:integer? baseline_seconds:integer? \
    least_penalty_pct:number most_penalty_pct:number recommendation how_to_investigate how_to_fix source";

async fn list(_: Request, _: Principal) -> Answer {
    let rules = health::describe();
    response::list(&rules, rules.len())
}
