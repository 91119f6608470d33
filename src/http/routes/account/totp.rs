//! `/api/v1/auth/totp`: a second factor at login.

use basira_actors::model::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::auth::bounded_secret;
use crate::http::{Answer, Request, Route, response};
use crate::limits::Limit;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/auth/totp", status),
        Route::post("/api/v1/auth/totp", enrol).limited(Limit::ResetPassword),
        Route::post("/api/v1/auth/totp/confirm", confirm).limited(Limit::ResetPassword),
        Route::post("/api/v1/auth/totp/disable", disable).limited(Limit::ResetPassword),
    ]
}

#[derive(Deserialize)]
struct Enrol {
    password: Secret,
}

#[derive(Deserialize)]
struct Confirm {
    code: Secret,
}

#[derive(Deserialize)]
struct Disable {
    password: Secret,
    code: Secret,
}

async fn status(request: Request) -> Answer {
    let principal = request.principal().await?;
    response::ok(&request.app.accounts.totp_status(&principal).await?)
}

/// 201 with what a device is told.
async fn enrol(mut request: Request) -> Answer {
    let principal = request.principal().await?;
    let Enrol { password } = request.json().await?;
    bounded_secret("password", &password)?;
    let _turn = request.hashing_permit().await?;
    let enrolment = request.app.accounts.enrol_totp(&principal, &password, Timestamp::now()).await?;
    response::created(&json!({"secret": enrolment.secret.expose(), "otpauth_url": enrolment.url.expose()}))
}

async fn confirm(mut request: Request) -> Answer {
    let principal = request.principal().await?;
    let Confirm { code } = request.json().await?;
    bounded_secret("code", &code)?;
    let codes = request.app.accounts.confirm_totp(&principal, &code, Timestamp::now()).await?;
    let codes: Vec<_> = codes.iter().map(Secret::expose).collect();
    response::ok(&json!({"recovery_codes": codes}))
}

async fn disable(mut request: Request) -> Answer {
    let principal = request.principal().await?;
    let Disable { password, code } = request.json().await?;
    bounded_secret("password", &password)?;
    bounded_secret("code", &code)?;
    let _turn = request.hashing_permit().await?;
    request.app.accounts.disable_totp(&principal, &password, &code, Timestamp::now()).await?;
    Ok(response::no_content())
}
