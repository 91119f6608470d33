//! The pages that links in mails lead to. They are the same for everyone: what they are about stands after the `#` of
//! the address, which a browser keeps to itself, and goes to the API when somebody presses the button.

use warp::http::HeaderValue;
use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::http::{Anonymous, Answer, Public, Request, Response, Route};

/// Nothing but what this server serves: no inline script, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/verify-email", "Where the link of a verification mail leads", Public, verify_email)
            .page("text/html"),
        Route::get("/reset-password", "Where the link to set another password leads", Public, reset_password)
            .page("text/html"),
        Route::get("/accept-invitation", "Where the link of an invitation leads", Public, accept_invitation)
            .page("text/html"),
        Route::get("/assets/account.js", "What makes these pages work", Public, script)
            .page("text/javascript"),
        Route::get("/assets/account.css", "How they look", Public, style).page("text/css"),
    ]
}

async fn verify_email(_: Request, _: Anonymous) -> Answer {
    Ok(page(include_str!("verify-email.html")))
}

async fn reset_password(_: Request, _: Anonymous) -> Answer {
    Ok(page(include_str!("reset-password.html")))
}

async fn accept_invitation(_: Request, _: Anonymous) -> Answer {
    Ok(page(include_str!("accept-invitation.html")))
}

async fn script(_: Request, _: Anonymous) -> Answer {
    Ok(file("text/javascript; charset=utf-8", include_str!("account.js")))
}

async fn style(_: Request, _: Anonymous) -> Answer {
    Ok(file("text/css; charset=utf-8", include_str!("account.css")))
}

fn page(text: &'static str) -> Response {
    let mut response = file("text/html; charset=utf-8", text);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
