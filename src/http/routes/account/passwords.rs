//! `/api/v1/auth`: a forgotten password, and another one instead.

use basira_actors::model::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;
use warp::http::StatusCode;

use crate::auth::{Principal, bounded_email, bounded_secret};
use crate::http::{Anonymous, Answer, OwnCredential, Person, Request, Route, response};
use crate::limits::Limit;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/auth/forgot-password",
            "Mails a link to set another password, if there is such an account",
            OwnCredential,
            forget,
        )
        .limited(Limit::ForgotPassword)
        .body("email:string[0,254]", true)
        .nothing(202, "A mail follows, or none"),
        Route::post(
            "/api/v1/auth/reset-password",
            "Spends the token of such a mail; every session ends",
            OwnCredential,
            reset,
        )
        .limited(Limit::ResetPassword)
        .body("token:string[0,1000] password:string[8,256]", true)
        .object("reset:boolean"),
        Route::post(
            "/api/v1/auth/change-password",
            "Sets another password; every other session ends",
            Person,
            change,
        )
        .limited(Limit::ResetPassword)
        .body("current_password:string[0,1000] new_password:string[8,256]", true)
        .nothing(204, "It is changed")
        .example(r#"{"current_password":"correct horse","new_password":"battery staple"}"#),
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
async fn forget(mut request: Request, _: Anonymous) -> Answer {
    let Forgotten { email } = request.json().await?;
    request.count_mail(bounded_email(&email)?)?;
    request.app.accounts.forgot_password(&email, Timestamp::now());
    Ok(response::empty(StatusCode::ACCEPTED))
}

async fn reset(mut request: Request, _: Anonymous) -> Answer {
    let Reset { token, password } = request.json().await?;
    bounded_secret("token", &token)?;
    let accounts = &request.app.accounts;
    let _permit = request.hashing_permit().await?;
    let account = accounts.reset_password(token.expose(), &password, Timestamp::now()).await?;
    request.audit.set_person(account.user.id);
    response::ok(&json!({"reset": true}))
}

/// 204; the caller's session goes on, and no other.
async fn change(mut request: Request, principal: Principal) -> Answer {
    let Change { current_password, new_password } = request.json().await?;
    bounded_secret("current_password", &current_password)?;
    let accounts = &request.app.accounts;
    let _permit = request.hashing_permit().await?;
    accounts.change_password(&principal, &current_password, &new_password, Timestamp::now()).await?;
    Ok(response::no_content())
}
