//! Cookies: nothing but this server reads them, and other sites cannot make a browser change anything with them.

use std::time::Duration;

use warp::http::HeaderValue;
use warp::http::header::SET_COOKIE;

use super::{Answer, ApiError, Request, Response};
use crate::auth::{ACCESS_COOKIE, ACCESS_LIFETIME, DEVICE_COOKIE, DEVICE_LIFETIME, REFRESH_LIFETIME, Tokens};

/// The cookie that carries the refresh token.
pub(super) const REFRESH_COOKIE: &str = "basira_refresh";
/// Refresh tokens and marks of browsers go only where they are used.
const REFRESH_PATH: &str = "/api/v1/auth";

/// `response`, with a browser's session in cookies.
///
/// # Errors
/// When a token is no cookie, which is a fault of ours.
pub(super) fn with_session(request: &Request, mut response: Response, tokens: &Tokens) -> Answer {
    set(request, &mut response, ACCESS_COOKIE, tokens.access.expose(), "/", ACCESS_LIFETIME)?;
    set(request, &mut response, REFRESH_COOKIE, tokens.refresh.expose(), REFRESH_PATH, REFRESH_LIFETIME)?;
    Ok(response)
}

/// Lets this browser try by itself from now on, whatever strangers do.
///
/// # Errors
/// As [`with_session`].
pub(super) fn with_mark(request: &Request, mut response: Response, email: &str) -> Answer {
    let mark = request.app.accounts.devices().mark(email);
    set(request, &mut response, DEVICE_COOKIE, &mark, REFRESH_PATH, DEVICE_LIFETIME)?;
    Ok(response)
}

/// Lets the browser forget its session.
///
/// # Errors
/// As [`with_session`].
pub(super) fn drop_session(request: &Request, response: &mut Response) -> Result<(), ApiError> {
    set(request, response, ACCESS_COOKIE, "", "/", Duration::ZERO)?;
    set(request, response, REFRESH_COOKIE, "", REFRESH_PATH, Duration::ZERO)
}

/// Sets one cookie; without a lifetime, the browser forgets it.
///
/// # Errors
/// When `value` is no cookie, which is a fault of ours.
pub(super) fn set(
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
