//! `GET /api/v1/instance`: what the page has to know before anybody is logged in.

use serde::Serialize;

use crate::config::SignupPolicy;
use crate::http::{Anonymous, Answer, Public, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/instance",
            "Whether this instance has accounts, and who may make one",
            Public,
            about,
        )
        .object("Instance")
        .schema("Instance", "accounts:boolean signup={open|invite|closed} version"),
    ]
}

#[derive(Serialize)]
struct Instance {
    /// False until the first account is made, which is that of the instance admin.
    accounts: bool,
    signup: &'static str,
    version: &'static str,
}

async fn about(request: Request, _: Anonymous) -> Answer {
    let signup = match request.app.config.current().auth.signup {
        SignupPolicy::Open => "open",
        SignupPolicy::Invite => "invite",
        SignupPolicy::Closed => "closed",
    };
    let accounts = request.app.storage.has_accounts().await?;
    response::ok(&Instance { accounts, signup, version: env!("CARGO_PKG_VERSION") })
}
