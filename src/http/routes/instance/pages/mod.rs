//! The pages that links in mails lead to. They are the same for everyone: what they are about stands after the `#` of
//! the address, which a browser keeps to itself, and goes to the API when somebody presses the button.

use warp::http::HeaderValue;
use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::http::{Answer, Request, Response, Route};

/// Nothing but what this server serves: no inline script, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/verify-email", verify_email),
        Route::get("/reset-password", reset_password),
        Route::get("/accept-invitation", accept_invitation),
        Route::get("/assets/account.js", script),
        Route::get("/assets/account.css", style),
    ]
}

async fn verify_email(_: Request) -> Answer {
    Ok(page(include_str!("verify-email.html")))
}

async fn reset_password(_: Request) -> Answer {
    Ok(page(include_str!("reset-password.html")))
}

async fn accept_invitation(_: Request) -> Answer {
    Ok(page(include_str!("accept-invitation.html")))
}

async fn script(_: Request) -> Answer {
    Ok(file("text/javascript; charset=utf-8", include_str!("account.js")))
}

async fn style(_: Request) -> Answer {
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
