//! `/api/v1/auth`: a forgotten password, and another one instead.

use basira_actors::model::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;
use warp::http::StatusCode;

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/auth/forgot-password", forget),
        Route::post("/api/v1/auth/reset-password", reset),
        Route::post("/api/v1/auth/change-password", change),
    ]
}

#[derive(Deserialize)]
struct Forgotten {
    email: String,
}

#[derive(Deserialize)]
struct Reset {
    /// From the mail.
    token: Secret,
    password: Secret,
}

#[derive(Deserialize)]
struct Change {
    current_password: Secret,
    new_password: Secret,
}

/// 202, whether or not a mail follows.
async fn forget(mut request: Request) -> Answer {
    let Forgotten { email } = request.json().await?;
    request.app.accounts.forgot_password(&email, Timestamp::now());
    Ok(response::empty(StatusCode::ACCEPTED))
}

async fn reset(mut request: Request) -> Answer {
    let Reset { token, password } = request.json().await?;
    let accounts = &request.app.accounts;
    let account = accounts.reset_password(token.expose(), &password, Timestamp::now()).await?;
    request.trail.is_of_person(account.user.id);
    response::ok(&json!({"reset": true}))
}

/// 204; the caller's session goes on, and no other.
async fn change(mut request: Request) -> Answer {
    let principal = request.principal().await?;
    let Change { current_password, new_password } = request.json().await?;
    let accounts = &request.app.accounts;
    accounts.change_password(&principal, &current_password, &new_password, Timestamp::now()).await?;
    Ok(response::no_content())
}
