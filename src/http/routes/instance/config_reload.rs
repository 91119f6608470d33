//! `/api/v1/admin/config/reload`: reads the configuration again.

use crate::auth::Principal;
use crate::http::{Answer, InstanceAdmin, Request, Route, response};
use crate::reload::names;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/admin/config/reload",
            "Reads the configuration again; a bad one changes nothing",
            InstanceAdmin,
            reload,
        )
        .object("Reload")
        .schema("SettingOfBasira", "key old:any new:any")
        .schema("Reload", "changed:SettingOfBasira[] needs_restart:SettingOfBasira[]"),
    ]
}

/// `{changed: [{key, old, new}], needs_restart: [{key, old, new}]}`; secrets masked.
async fn reload(request: Request, _: Principal) -> Answer {
    let reloaded = request.app.reloader.reload().await?;
    request.audit.add_detail("changed", names(&reloaded.changed));
    response::ok(&reloaded)
}
