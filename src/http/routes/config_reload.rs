//! `/api/v1/admin/config/reload`: reads the configuration again.

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/admin/config/reload", reload)]
}

/// `{changed: [{key, old, new}], needs_restart: [{key, old, new}]}`; secrets masked.
async fn reload(request: Request) -> Answer {
    request.instance_admin().await?;
    response::ok(&request.app.reloader.reload().await?)
}
