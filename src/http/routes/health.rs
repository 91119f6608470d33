//! `GET /healthz` and `GET /readyz`: whether the process serves, and whether it can do its work.

use serde_json::json;

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/healthz", alive), Route::get("/readyz", ready)]
}

async fn alive(_: Request) -> Answer {
    response::ok(&json!({"status": "ok"}))
}

/// 503 unless storage is reachable and migrated.
async fn ready(request: Request) -> Answer {
    request.app.registry.ready().await?;
    response::ok(&json!({"status": "ok"}))
}
