//! `GET /openapi.json`, and `/docs`, where people browse it.

use std::sync::OnceLock;

use utoipa::openapi::OpenApi;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_FRAME_OPTIONS,
};

use crate::http::{Anonymous, Answer, Public, Request, Response, Route, response};

/// Nothing but this server's own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes(assemble: fn() -> OpenApi) -> Vec<Route> {
    vec![
        Route::get("/openapi.json", "This document", Public, move |_, _| async move { document(assemble) })
            .object("openapi info:object paths:object components:object security:object[] tags:object[]"),
        Route::get("/docs", "This document, to browse", Public, page).page("text/html"),
        Route::get("/docs/page.js", "What makes the page work", Public, script).page("text/javascript"),
        Route::get("/docs/page.css", "How the page looks", Public, style).page("text/css"),
    ]
}

/// It is the same for everybody, and takes longer to assemble than to send.
static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();

fn document(assemble: fn() -> OpenApi) -> Answer {
    let mut response = response::ok(DOCUMENT.get_or_init(assemble))?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn page(_: Request, _: Anonymous) -> Answer {
    Ok(file("text/html; charset=utf-8", include_str!("page.html")))
}

async fn script(_: Request, _: Anonymous) -> Answer {
    Ok(file("text/javascript; charset=utf-8", include_str!("page.js")))
}

async fn style(_: Request, _: Anonymous) -> Answer {
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
