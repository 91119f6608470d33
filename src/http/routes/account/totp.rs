//! `/api/v1/auth/totp`: a second factor at login.

use basira_actors::model::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::auth::{Principal, bounded_secret};
use crate::http::{Answer, Person, Request, Route, response};
use crate::limits::Limit;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/auth/totp", "Whether one's own login needs a code", Person, status)
            .object("SecondFactor")
            .schema("SecondFactor", "enabled:boolean recovery_codes_left:integer"),
        Route::post(
            "/api/v1/auth/totp",
            "Enrols a device; it counts once a code of it was shown",
            Person,
            enrol,
        )
        .limited(Limit::ResetPassword)
        .body("password:string[0,1000]", true)
        .created("secret otpauth_url")
        .refuses(409)
        .example(r#"{"password":"correct horse"}"#),
        Route::post("/api/v1/auth/totp/confirm", "Turns the second factor on", Person, confirm)
            .limited(Limit::ResetPassword)
            .body("code:string[0,1000]", true)
            .object("recovery_codes:string[]")
            .refuses(409)
            .example(r#"{"code":"000000"}"#),
        Route::post("/api/v1/auth/totp/disable", "Turns the second factor off", Person, disable)
            .limited(Limit::ResetPassword)
            .body("password:string[0,1000] code:string[0,1000]", true)
            .nothing(204, "It is off")
            .refuses(409)
            .example(r#"{"password":"correct horse","code":"000000"}"#),
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

async fn status(request: Request, principal: Principal) -> Answer {
    response::ok(&request.app.accounts.totp_status(&principal).await?)
}

/// 201 with what a device is told.
async fn enrol(mut request: Request, principal: Principal) -> Answer {
    let Enrol { password } = request.json().await?;
    bounded_secret("password", &password)?;
    let _permit = request.hashing_permit().await?;
    let enrolment = request.app.accounts.enrol_totp(&principal, &password, Timestamp::now()).await?;
    response::created(&json!({"secret": enrolment.secret.expose(), "otpauth_url": enrolment.url.expose()}))
}

async fn confirm(mut request: Request, principal: Principal) -> Answer {
    let Confirm { code } = request.json().await?;
    bounded_secret("code", &code)?;
    let codes = request.app.accounts.confirm_totp(&principal, &code, Timestamp::now()).await?;
    let codes: Vec<_> = codes.iter().map(Secret::expose).collect();
    response::ok(&json!({"recovery_codes": codes}))
}

async fn disable(mut request: Request, principal: Principal) -> Answer {
    let Disable { password, code } = request.json().await?;
    bounded_secret("password", &password)?;
    bounded_secret("code", &code)?;
    let _permit = request.hashing_permit().await?;
    request.app.accounts.disable_totp(&principal, &password, &code, Timestamp::now()).await?;
    Ok(response::no_content())
}
