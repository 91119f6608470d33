//! `GET /healthz` and `GET /readyz`: whether the process serves, and whether it can do its work.

use std::time::Duration;

use serde_json::json;

use crate::http::{Anonymous, Answer, ApiError, Public, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", "Whether the process serves", Public, alive).object("status={ok}"),
        Route::get("/readyz", "Whether storage is reachable, migrated and takes writes", Public, ready)
            .object("status={ok}"),
    ]
}

async fn alive(_: Request, _: Anonymous) -> Answer {
    response::ok(&json!({"status": "ok"}))
}

/// 503 unless the storage and that of the samples are reachable, migrated and take writes.
async fn ready(request: Request, _: Anonymous) -> Answer {
    if !request.app.storage.ready().await? {
        return Err(ApiError::unavailable("storage is not migrated", Duration::from_secs(5)));
    }
    request.app.samples.ready().await?;
    response::ok(&json!({"status": "ok"}))
}
