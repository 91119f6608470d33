//! `GET /api/v1/rules`: every health rule, with its threshold and what it costs.

use basira_actors::health;

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/rules", list)]
}

async fn list(request: Request) -> Answer {
    request.principal().await?;
    let rules = health::describe();
    response::list(&rules, rules.len())
}
