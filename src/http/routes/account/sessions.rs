//! `/api/v1/auth`: signing up, logging in, staying in, getting out.

use basira_actors::model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use warp::http::StatusCode;

use crate::auth::{
    ACCESS_LIFETIME, AcceptInvitation, Profile, Session, Signup, Tokens, bounded_email, bounded_secret,
};
use crate::http::cookies::{self, with_device_mark, with_session};
use crate::http::{Anonymous, Answer, ApiError, AuditPolicy, OwnCredential, Request, Route, response};
use crate::limits::Limit;
use crate::storage::store::Organization;

const TOKENS_FIELDS: &str = "access_token refresh_token expires_in:integer";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/auth/signup",
            "Makes an organization with its owner, and logs in",
            OwnCredential,
            sign_up,
        )
        .limited(Limit::Signup)
        .audited(AuditPolicy::Both)
        .body("email:email[,254] password:string[8,256] name:string[1,200] org_name:string[1,200]", true)
        .created("Session")
        .refuses(403)
        .refuses(409)
        .schema("Session", format!("user:User organization:Organization {TOKENS_FIELDS}")),
        Route::post(
            "/api/v1/auth/accept-invitation",
            "Spends the token of an invitation: an account, logged in",
            OwnCredential,
            accept_invitation,
        )
        .tag("People")
        .limited(Limit::ResetPassword)
        .body("token:string[0,1000] name:string[1,200] password:string[8,256]", true)
        .created("Session")
        .refuses(403)
        .refuses(409),
        Route::post(
            "/api/v1/auth/login",
            "Trades an address and its password for tokens",
            OwnCredential,
            log_in,
        )
        .limited(Limit::Login)
        .audited(AuditPolicy::Both)
        .body("email:string[0,254] password:string[0,1000] (code:string[0,1000])", true)
        .object("Tokens")
        .refuses(401)
        .schema("Tokens", TOKENS_FIELDS),
        Route::post(
            "/api/v1/auth/login-link",
            "Trades the token of `basira admin login-link` for tokens, once",
            OwnCredential,
            log_in_by_link,
        )
        .limited(Limit::ResetPassword)
        .audited(AuditPolicy::Both)
        .body("token:string[0,1000]", true)
        .object("Tokens")
        .refuses(401),
        Route::post(
            "/api/v1/auth/refresh",
            "Trades a refresh token for the next tokens",
            OwnCredential,
            refresh,
        )
        .limited(Limit::Refresh)
        .audited(AuditPolicy::Refused)
        .body("(refresh_token:string[0,1000]?)", false)
        .object("Tokens")
        .refuses(401)
        .refuses(403),
        Route::post(
            "/api/v1/auth/logout",
            "Ends the session, however the caller shows which it is",
            OwnCredential,
            log_out,
        )
        .body("(refresh_token:string[0,1000]?)", false)
        .nothing(204, "It is ended")
        .refuses(403),
        Route::get(
            "/api/v1/auth/verify-email",
            "Spends the token of a verification mail",
            OwnCredential,
            verify_email,
        )
        .audited(AuditPolicy::Done)
        .query("token", "string!", "As it was mailed")
        .object("verified:boolean"),
        Route::post(
            "/api/v1/auth/resend-verification",
            "Mails the verification link again, if there is such an account",
            OwnCredential,
            resend_verification,
        )
        .limited(Limit::ResendVerification)
        .body("email:string[0,254]", true)
        .nothing(202, "A mail follows, or none"),
    ]
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: Secret,
    /// Of the second factor, if there is one.
    code: Option<Secret>,
}

#[derive(Deserialize)]
struct LoginLink {
    token: Secret,
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

async fn sign_up(mut request: Request, _: Anonymous) -> Answer {
    let signup: Signup = request.json().await?;
    request.audit.set_claimed_email(bounded_email(&signup.email)?);
    let _permit = request.hashing_permit().await?;
    let session = request.app.accounts.sign_up(&signup, Timestamp::now()).await?;
    signed_up(&request, &session)
}

async fn accept_invitation(mut request: Request, _: Anonymous) -> Answer {
    let acceptance: AcceptInvitation = request.json().await?;
    bounded_secret("token", &acceptance.token)?;
    let _permit = request.hashing_permit().await?;
    let session = request.app.accounts.accept_invitation(&acceptance, Timestamp::now()).await?;
    request.audit.set_person(session.user.id);
    signed_up(&request, &session)
}

fn signed_up(request: &Request, session: &Session) -> Answer {
    let body = SignedUp {
        user: &session.user,
        organization: &session.organization,
        tokens: IssuedTokens::of(&session.tokens),
    };
    let response = with_session(&request.app, response::created(&body)?, &session.tokens)?;
    with_device_mark(&request.app, response, &session.user.email)
}

async fn log_in(mut request: Request, _: Anonymous) -> Answer {
    let login: Login = request.json().await?;
    bounded_secret("password", &login.password)?;
    login.code.as_ref().map(|code| bounded_secret("code", code)).transpose()?;
    request.audit.set_claimed_email(bounded_email(&login.email)?);
    request.count_client(Limit::AnyLogin)?;
    let permit = request.hashing_permit().await?;
    let attempt = request.login_attempt(&login.email)?;
    let (accounts, code) = (&request.app.accounts, login.code.as_ref());
    let outcome = accounts.log_in(&login.email, &login.password, code, Timestamp::now()).await;
    drop(permit);
    if outcome.as_ref().err().is_none_or(|error| !error.is_a_wrong_guess()) {
        attempt.cancel();
    }
    let tokens = outcome?;
    let response = with_session(&request.app, response::ok(&IssuedTokens::of(&tokens))?, &tokens)?;
    with_device_mark(&request.app, response, &login.email)
}

async fn log_in_by_link(mut request: Request, _: Anonymous) -> Answer {
    let LoginLink { token } = request.json().await?;
    bounded_secret("token", &token)?;
    let (account, tokens) = request.app.accounts.log_in_by_link(&token, Timestamp::now()).await?;
    request.audit.set_person(account.user.id);
    let response = with_session(&request.app, response::ok(&IssuedTokens::of(&tokens))?, &tokens)?;
    with_device_mark(&request.app, response, &account.user.email)
}

async fn refresh(mut request: Request, _: Anonymous) -> Answer {
    let presented = refresh_token(&mut request).await?;
    let presented = presented.ok_or_else(|| ApiError::field("refresh_token", "is required"))?;
    bounded_secret("refresh_token", &presented)?;
    let tokens = request.app.accounts.refresh(&presented, Timestamp::now()).await?;
    with_session(&request.app, response::ok(&IssuedTokens::of(&tokens))?, &tokens)
}

/// Ends the session, however the caller shows which it is. There may be none left: that is no error.
async fn log_out(mut request: Request, _: Anonymous) -> Answer {
    let now = Timestamp::now();
    if let Some(refresh) = refresh_token(&mut request).await? {
        bounded_secret("refresh_token", &refresh)?;
        if let Some(user_id) = request.app.accounts.log_out(&refresh, now).await? {
            request.audit.set_person(user_id);
        }
    } else {
        match request.authenticate().await {
            Ok(principal) => request.app.accounts.log_out_principal(&principal, now).await?,
            Err(ApiError::Unauthenticated { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut response = response::no_content();
    cookies::drop_session(&request.app.public_url, &mut response)?;
    Ok(response)
}

async fn verify_email(request: Request, _: Anonymous) -> Answer {
    let query = request.query()?;
    let token = query.text("token")?.ok_or_else(|| ApiError::field("token", "is required"))?;
    let user_id = request.app.accounts.verify_email(token, Timestamp::now()).await?;
    request.audit.set_person(user_id);
    response::ok(&json!({"verified": true}))
}

/// 202, whether or not a mail follows.
async fn resend_verification(mut request: Request, _: Anonymous) -> Answer {
    let Address { email } = request.json().await?;
    request.count_mail(bounded_email(&email)?)?;
    request.app.accounts.resend_verification(&email, Timestamp::now());
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// The refresh token of the body, else of the cookie, which only this server's own pages may use.
async fn refresh_token(request: &mut Request) -> Result<Option<Secret>, ApiError> {
    let body: RefreshToken = request.optional_json().await?.unwrap_or_default();
    if body.refresh_token.is_some() {
        return Ok(body.refresh_token);
    }
    let Some(cookie) = request.cookie(cookies::REFRESH)? else { return Ok(None) };
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
