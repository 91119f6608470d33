//! `/api/v1/admin/config/reload`: reads the configuration again.

use crate::http::{Answer, Request, Route, response};
use crate::reload::names;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/admin/config/reload", reload)]
}

/// `{changed: [{key, old, new}], needs_restart: [{key, old, new}]}`; secrets masked.
async fn reload(request: Request) -> Answer {
    request.instance_admin().await?;
    let reloaded = request.app.reloader.reload().await?;
    request.audit.add_detail("changed", names(&reloaded.changed));
    response::ok(&reloaded)
}
