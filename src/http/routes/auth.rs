//! `/api/v1/auth`: signing up, logging in, staying in, getting out.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use warp::http::header::SET_COOKIE;
use warp::http::{HeaderValue, StatusCode};

use crate::auth::{
    ACCESS_COOKIE, ACCESS_LIFETIME, Acceptance, Profile, REFRESH_LIFETIME, Session, Signup, Tokens,
};
use crate::http::{Answer, ApiError, Recorded, Request, Response, Route, response};
use crate::storage::store::Organization;

const REFRESH_COOKIE: &str = "basira_refresh";
/// The refresh token goes only where it is used.
const REFRESH_PATH: &str = "/api/v1/auth";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/auth/signup", sign_up).recorded(Recorded::Both),
        Route::post("/api/v1/auth/accept-invitation", accept_invitation),
        Route::post("/api/v1/auth/login", log_in).recorded(Recorded::Both),
        Route::post("/api/v1/auth/refresh", refresh).recorded(Recorded::Refused),
        Route::post("/api/v1/auth/logout", log_out),
        Route::get("/api/v1/auth/me", me),
        Route::get("/api/v1/auth/verify-email", verify_email).recorded(Recorded::Done),
        Route::post("/api/v1/auth/resend-verification", resend_verification),
    ]
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: Secret,
}

#[derive(Deserialize)]
struct Address {
    email: String,
}

#[derive(Default, Deserialize)]
struct RefreshToken {
    refresh_token: Option<Secret>,
}

#[derive(Serialize)]
struct IssuedTokens<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    /// Seconds.
    expires_in: u64,
}

#[derive(Serialize)]
struct SignedUp<'a> {
    user: &'a Profile,
    organization: &'a Organization,
    #[serde(flatten)]
    tokens: IssuedTokens<'a>,
}

async fn sign_up(mut request: Request) -> Answer {
    let signup: Signup = request.json().await?;
    request.trail.claims(&signup.email);
    let session = request.app.accounts.sign_up(&signup, Timestamp::now()).await?;
    signed_up(&request, &session)
}

async fn accept_invitation(mut request: Request) -> Answer {
    let acceptance: Acceptance = request.json().await?;
    let session = request.app.accounts.accept(&acceptance, Timestamp::now()).await?;
    request.trail.is_of_person(session.user.id);
    signed_up(&request, &session)
}

fn signed_up(request: &Request, session: &Session) -> Answer {
    let body = SignedUp {
        user: &session.user,
        organization: &session.organization,
        tokens: IssuedTokens::of(&session.tokens),
    };
    with_cookies(request, response::created(&body)?, &session.tokens)
}

async fn log_in(mut request: Request) -> Answer {
    let login: Login = request.json().await?;
    request.trail.claims(&login.email);
    let tokens = request.app.accounts.log_in(&login.email, &login.password, Timestamp::now()).await?;
    with_cookies(&request, response::ok(&IssuedTokens::of(&tokens))?, &tokens)
}

async fn refresh(mut request: Request) -> Answer {
    let presented = refresh_token(&mut request).await?;
    let presented = presented.ok_or_else(|| ApiError::field("refresh_token", "is required"))?;
    let tokens = request.app.accounts.refresh(&presented, Timestamp::now()).await?;
    with_cookies(&request, response::ok(&IssuedTokens::of(&tokens))?, &tokens)
}

/// Ends the session, however the caller shows which it is. There may be none left: that is no error.
async fn log_out(mut request: Request) -> Answer {
    let now = Timestamp::now();
    if let Some(refresh) = refresh_token(&mut request).await? {
        if let Some(user_id) = request.app.accounts.log_out(&refresh, now).await? {
            request.trail.is_of_person(user_id);
        }
    } else {
        match request.principal().await {
            Ok(principal) => request.app.accounts.log_out_principal(&principal, now).await?,
            Err(ApiError::Unauthenticated { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut response = response::no_content();
    set_cookie(&request, &mut response, ACCESS_COOKIE, "", "/", Duration::ZERO)?;
    set_cookie(&request, &mut response, REFRESH_COOKIE, "", REFRESH_PATH, Duration::ZERO)?;
    Ok(response)
}

async fn me(request: Request) -> Answer {
    let principal = request.principal().await?;
    response::ok(&request.app.accounts.me(&principal).await?)
}

async fn verify_email(request: Request) -> Answer {
    let query = request.query()?;
    let token = query.text("token")?.ok_or_else(|| ApiError::field("token", "is required"))?;
    let user_id = request.app.accounts.verify_email(token, Timestamp::now()).await?;
    request.trail.is_of_person(user_id);
    response::ok(&json!({"verified": true}))
}

/// 202, whether or not a mail follows.
async fn resend_verification(mut request: Request) -> Answer {
    let Address { email } = request.json().await?;
    request.app.accounts.resend_verification(&email, Timestamp::now());
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// The refresh token of the body, else of the cookie, which only this server's own pages may use.
async fn refresh_token(request: &mut Request) -> Result<Option<Secret>, ApiError> {
    let body: RefreshToken = request.optional_json().await?.unwrap_or_default();
    if body.refresh_token.is_some() {
        return Ok(body.refresh_token);
    }
    let Some(cookie) = request.cookie(REFRESH_COOKIE) else { return Ok(None) };
    request.check_origin()?;
    Ok(Some(Secret::new(cookie)))
}

impl<'a> IssuedTokens<'a> {
    fn of(tokens: &'a Tokens) -> Self {
        Self {
            access_token: tokens.access.expose(),
            refresh_token: tokens.refresh.expose(),
            expires_in: ACCESS_LIFETIME.as_secs(),
        }
    }
}

fn with_cookies(request: &Request, mut response: Response, tokens: &Tokens) -> Answer {
    set_cookie(request, &mut response, ACCESS_COOKIE, tokens.access.expose(), "/", ACCESS_LIFETIME)?;
    let refresh = tokens.refresh.expose();
    set_cookie(request, &mut response, REFRESH_COOKIE, refresh, REFRESH_PATH, REFRESH_LIFETIME)?;
    Ok(response)
}

fn set_cookie(
    request: &Request,
    response: &mut Response,
    name: &str,
    value: &str,
    path: &str,
    lifetime: Duration,
) -> Result<(), ApiError> {
    let secure = if request.app.public_url.is_https() { "; Secure" } else { "" };
    let max_age = lifetime.as_secs();
    let cookie = format!("{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    let mut cookie = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
    cookie.set_sensitive(true);
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}
