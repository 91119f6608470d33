//! What holds for every route.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::harness::TestServer;
use crate::http::{Anonymous, Answer, Public, Request, Requirement, Route, response, routes};

/// Paths that say nothing about anybody.
const PUBLIC: [&str; 7] =
    ["/healthz", "/readyz", "/api/v1/instance", "/openapi.json", "/docs", "/docs/page.js", "/docs/page.css"];

#[tokio::test]
async fn every_refusal_is_json_with_the_usual_headers() {
    let server = TestServer::start().await;
    let cases = [
        (Method::GET, "/api/v1/", 404, "not_found"),
        (Method::GET, "/healthz/", 404, "not_found"),
        (Method::POST, "/healthz", 405, "method_not_allowed"),
        (Method::OPTIONS, "/api/v1/databases/{id}/queries", 405, "method_not_allowed"),
        (Method::GET, "/api/v1/databases/%00/queries", 400, "invalid_field"),
        (Method::GET, "/api/v1/databases/%FF/queries", 400, "invalid_field"),
        (Method::GET, "/api/v1/databases/nonsense/queries", 400, "invalid_field"),
        (Method::GET, "/api/v1/databases/{id}/queries?limit=0", 400, "invalid_field"),
        (Method::GET, "/api/v1/databases/{id}/active/ws", 426, "upgrade_required"),
    ];
    for (method, path, status, code) in cases {
        let request = server.request(method.clone(), path).bearer_auth(&server.ada);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{method} {path}");
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], "application/json", "{method} {path}");
        assert_eq!(headers["cache-control"], "no-store", "{method} {path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{method} {path}");
        assert!(headers.contains_key("x-request-id"), "{method} {path}");
        assert_eq!(headers.contains_key("allow"), status == 405, "{method} {path}");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["code"], code, "{method} {path}");
        assert!(body["error"].is_string(), "{method} {path}");
    }
}

#[tokio::test]
async fn no_route_answers_without_a_credential_or_with_another_tenants() {
    let server = TestServer::start_with(&[("LIMITS__AUTH__RESET_PASSWORD_PER_HOUR", "0")]).await;
    for route in routes::all() {
        if route.requirement.is_public() || route.requirement == Requirement::LiveStreamUpgrade {
            continue;
        }
        let anonymous = server.request(route.method.clone(), route.path).send().await.expect("an answer");
        assert_eq!(anonymous.status(), 401, "{route:?}");
        assert!(anonymous.headers().contains_key("www-authenticate"), "{route:?}");
        let forged = server.request(route.method.clone(), route.path).bearer_auth("x.y.z");
        assert_eq!(forged.send().await.expect("an answer").status(), 401, "{route:?}");
        if route.path.starts_with("/api/v1/databases/{id}") {
            let path = route.path.replace("{hash}", "00000000000000b5");
            let stranger =
                server.request(route.method.clone(), &path).bearer_auth(&server.eve).json(&json!({}));
            assert_eq!(stranger.send().await.expect("an answer").status(), 404, "{route:?}");
        }
    }
}

#[tokio::test]
async fn health_is_public_and_head_is_get_without_a_body() {
    let server = TestServer::start().await;
    for path in &PUBLIC[..2] {
        let answer = server.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({"status": "ok"}));
        let answer = server.request(Method::HEAD, path).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-length"]),
            (200, &"15".parse().unwrap())
        );
        assert!(answer.bytes().await.expect("a body").is_empty());
    }
}

#[tokio::test]
async fn a_cookie_changes_something_only_from_our_own_pages() {
    let server = TestServer::start().await;
    let cookie = format!("other=1; __Host-basira_access={}", server.ada);
    let cases = [
        (None, 403),
        (Some("https://evil.example"), 403),
        (Some("null"), 403),
        (Some("https://basira.example"), 200),
    ];
    for (origin, status) in cases {
        let mut request = server.request(Method::POST, "/api/v1/auth/ws-ticket").header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{origin:?}");
        let body: Value = answer.json().await.expect("JSON");
        match status {
            403 => assert_eq!(body["code"], "bad_origin"),
            _ => assert_eq!(body["expires_in"], 30),
        }
    }
    let read = server.request(Method::GET, "/api/v1/databases/{id}/health").header("cookie", &cookie);
    assert_eq!(read.send().await.expect("an answer").status(), 200);
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn greet(mut request: Request, _: Anonymous) -> Answer {
    let named: Named = request.json().await?;
    response::ok(&named.name.len())
}

async fn panics(_: Request, _: Anonymous) -> Answer {
    panic!("secret detail")
}

#[tokio::test]
async fn bodies_are_bounded_with_and_without_a_length() {
    let server = TestServer::with_routes(vec![Route::post("/greet", "", Public, greet)]).await;
    let of_size = |bytes: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(bytes - 11));
    let mib = 1024 * 1024;
    let chunked = |body: String| {
        let chunks: Vec<_> = body.as_bytes().chunks(60_000).map(Bytes::copy_from_slice).collect();
        let frames = chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
        reqwest::Body::wrap(StreamBody::new(futures_util::stream::iter(frames)))
    };
    let cases = [
        (reqwest::Body::from(of_size(mib)), 200),
        (reqwest::Body::from(of_size(mib + 1)), 413),
        (chunked(of_size(mib)), 200),
        (chunked(of_size(mib + 1)), 413),
        (reqwest::Body::from(of_size(20 * mib)), 413),
        (reqwest::Body::from(""), 400),
    ];
    for (index, (body, status)) in cases.into_iter().enumerate() {
        let answer = server.request(Method::POST, "/greet").body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "case {index}");
    }
    let form = server.request(Method::POST, "/greet").header("content-type", "text/plain").body("{}");
    assert_eq!(form.send().await.expect("an answer").status(), 415);
}

#[tokio::test]
async fn a_panic_costs_its_own_request_and_tells_nothing() {
    let server = TestServer::with_routes(vec![Route::get("/panics", "", Public, panics)]).await;
    for _ in 0..2 {
        let answer = server.request(Method::GET, "/panics").send().await.expect("an answer");
        assert_eq!(answer.status(), 500);
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body, json!({"error": "internal error", "code": "internal_error", "request_id": id}));
    }
}

#[tokio::test]
async fn a_large_answer_is_compressed_on_request_only() {
    async fn large(_: Request, _: Anonymous) -> Answer {
        response::ok(&vec!["the same text again"; 1000])
    }
    let server = TestServer::with_routes(vec![Route::get("/large", "", Public, large)]).await;
    let plain = server.request(Method::GET, "/large").send().await.expect("an answer");
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_eq!(plain.headers()["vary"], "accept-encoding");
    let plain = plain.bytes().await.expect("a body");
    let packed = server.request(Method::GET, "/large").header("accept-encoding", "gzip");
    let packed = packed.send().await.expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await.expect("a body").len() < plain.len() / 10);
}
