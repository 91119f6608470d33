//! What pages of other sites may do.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::harness::{TestServer, config};

const STATUS: &str = "https://status.example";
const EVIL: &str = "https://evil.example";
const KEYS: &str = "/api/v1/api-keys";

async fn preflight(server: &TestServer, origin: &str) -> Response {
    let request = server.request(Method::OPTIONS, KEYS).header("origin", origin);
    request.header("access-control-request-method", "POST").send().await.expect("an answer")
}

async fn read(server: &TestServer, origin: &str) -> Response {
    let request = server.request(Method::GET, "/api/v1/databases").header("origin", origin);
    request.bearer_auth(&server.ada).send().await.expect("an answer")
}

#[tokio::test]
async fn only_pages_of_named_origins_may_ask_and_never_with_cookies() {
    let server = TestServer::start_with(&[("HTTP__CORS__ORIGINS", STATUS)]).await;
    let answer = preflight(&server, STATUS).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], STATUS);
    for (name, part) in [("methods", "DELETE"), ("headers", "x-api-key"), ("headers", "authorization")] {
        let value = answer.headers()[format!("access-control-allow-{name}")].to_str().expect("text");
        assert!(value.contains(part), "{value}");
    }
    let answer = read(&server, STATUS).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], STATUS);
    assert!(
        answer.headers()["access-control-expose-headers"].to_str().expect("text").contains("x-total-count")
    );
    assert_eq!(answer.headers()["vary"], "origin");
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));

    assert_eq!(preflight(&server, EVIL).await.status(), 405);
    let answer = read(&server, EVIL).await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    assert_eq!(answer.headers()["vary"], "origin");

    // a refusal has to be readable as well
    let refused = server.request(Method::GET, "/api/v1/databases").header("origin", STATUS);
    let refused = refused.send().await.expect("an answer");
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["access-control-allow-origin"]),
        (401, &STATUS.parse().unwrap())
    );
}

#[tokio::test]
async fn origins_are_configured_while_it_runs() {
    let server = TestServer::start().await;
    let answer = read(&server, STATUS).await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    assert!(!answer.headers().contains_key("vary"));
    server.app.config.replace(config(&[("HTTP__CORS__ORIGINS", "*")]));
    assert_eq!(read(&server, EVIL).await.headers()["access-control-allow-origin"], "*");
    assert_eq!(preflight(&server, EVIL).await.status(), 204);
    server.app.config.replace(config(&[]));
    assert_eq!(preflight(&server, EVIL).await.status(), 405);
}

#[tokio::test]
async fn no_page_elsewhere_logs_anybody_in() {
    let server = TestServer::start_with(&[("HTTP__CORS__ORIGINS", "*")]).await;
    let login = json!({"email": "eve@x.org", "password": "correct horse"});
    for (origin, status) in
        [(Some(EVIL), 403), (Some("null"), 403), (None, 200), (Some("https://basira.example"), 200)]
    {
        // without a type, as a page sends what needs no preflight
        let mut request = server.request(Method::POST, "/api/v1/auth/login").body(login.to_string());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{origin:?}");
        assert_eq!(answer.headers().contains_key("set-cookie"), status == 200);
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["code"] == "bad_origin", status == 403);
    }
}
