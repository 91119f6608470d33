//! `GET /openapi.json`, and `/docs`, where people browse it.

use std::sync::LazyLock;

use utoipa::openapi::OpenApi;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_FRAME_OPTIONS,
};

use crate::http::{Answer, Request, Response, Route, openapi, response};

/// Nothing but this server's own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/openapi.json", document),
        Route::get("/docs", page),
        Route::get("/docs/page.js", script),
        Route::get("/docs/page.css", style),
    ]
}

/// It is the same for everybody, and takes longer to put together than to send.
static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(openapi::document);

async fn document(_: Request) -> Answer {
    let mut response = response::ok(&*DOCUMENT)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn page(_: Request) -> Answer {
    Ok(file("text/html; charset=utf-8", include_str!("page.html")))
}

async fn script(_: Request) -> Answer {
    Ok(file("text/javascript; charset=utf-8", include_str!("page.js")))
}

async fn style(_: Request) -> Answer {
    Ok(file("text/css; charset=utf-8", include_str!("page.css")))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(text.into());
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-cache"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
