//! Whatever is sent: a clear 4xx that names the field, nothing stored, nothing leaked.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Organization, TestApp};

const JSON: &str = "application/json";
const MEBIBYTE: usize = 1024 * 1024;

fn database_with(field: &str, value: Value) -> Value {
    let mut body = json!({"name": "x", "engine": "postgres", "host": "127.0.0.1", "port": 5432});
    body[field] = value;
    body
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let client = Organization::verified(&app, "input").await.key;
    for (field, value) in [
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("port", json!(-1)),
        ("port", json!("5432")),
        ("port", json!(54.32)),
        ("engine", json!("oracle")),
        ("engine", json!(7)),
        ("name", json!("")),
        ("name", json!("x".repeat(10_000))),
        ("name", Value::Null),
        ("host", json!("")),
        ("host", json!("no such host")),
        ("tls", json!("maybe")),
        ("tags", json!(["a"])),
        ("tags", json!({"a": 1})),
        ("poll_interval_seconds", json!(0)),
        ("poll_interval_seconds", json!("fast")),
        ("disabled_collectors", json!(["no_such_collector"])),
    ] {
        let answer = client.post("/databases", &database_with(field, value.clone()), 400).await;
        let named = answer["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{field} = {value}: {answer}");
        assert!(answer["error"].is_string() && answer["code"].is_string(), "{answer}");
    }
    assert_eq!(client.get("/databases", 200).await, json!([]));
}

#[tokio::test]
async fn a_host_that_does_not_resolve_is_an_error_state() {
    let app = TestApp::start().await;
    let client = Organization::verified(&app, "input").await.key;
    let body = database_with("host", json!("no-such-host.invalid"));
    let answer = client.send(Method::POST, "/databases", JSON, body.to_string()).await;
    assert!([StatusCode::CREATED, StatusCode::BAD_REQUEST].contains(&answer.status()), "{answer:?}");
    client.get("/databases", 200).await;
}

#[tokio::test]
async fn bodies_that_are_not_json_objects_are_refused() {
    let app = TestApp::start().await;
    let client = Organization::verified(&app, "input").await.key;
    for body in ["", "{", "[]", "null", "\"text\"", "{\"name\": }", "{\"name\":\"a\"} trailing", "\u{0}"] {
        let answer = client.send(Method::POST, "/databases", JSON, body.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body:?}");
        assert!(answer.json::<Value>().await.unwrap()["error"].is_string(), "{body:?}");
    }
    let answer = client.send(Method::POST, "/databases", "text/plain", "{}".to_owned()).await;
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let app = TestApp::start().await;
    let client = Organization::verified(&app, "input").await.key;
    let body = database_with("name", json!("x".repeat(MEBIBYTE + 1))).to_string();
    let answer = client.send(Method::POST, "/databases", JSON, body).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn parameters_are_checked_one_by_one() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "input").await;
    let registered = organization.register_as(&database_with("name", json!("away"))).await;
    for (view, query, field) in [
        ("queries", "limit=0", "limit"),
        ("queries", "limit=101", "limit"),
        ("queries", "limit=-1", "limit"),
        ("queries", "limit=many", "limit"),
        ("queries", "limit=99999999999999999999", "limit"),
        ("queries", "sort_by=colour", "sort_by"),
        ("queries", "since=yesterday", "since"),
        ("queries", "until=2026-13-01T00:00:00Z", "until"),
        ("queries", "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("active", "limit=0", "limit"),
        ("active", "limit=201", "limit"),
        ("active", "at=noon", "at"),
        ("locks", "limit=501", "limit"),
        ("locks", "at=2999-01-01T00:00:00Z", "at"),
        ("locks/tree", "at=", "at"),
        ("waits", "bucket=0", "bucket"),
        ("waits", "since=yesterday", "since"),
        ("connections", "until=tomorrow", "until"),
    ] {
        let path = format!("/databases/{}/{view}?{query}", registered.id);
        let answer = organization.key.get(&path, 400).await;
        assert_eq!(answer["field"], field, "{view}?{query}: {answer}");
    }
}

#[tokio::test]
async fn odd_paths_are_answered_in_json() {
    let app = TestApp::start().await;
    let client = Organization::verified(&app, "input").await.key;
    for (path, allowed) in [
        ("/databases/not-an-id", [400, 404]),
        ("/databases/%00", [400, 404]),
        ("/databases/%FF%FE", [400, 404]),
        ("/databases/..%2F..%2Fetc%2Fpasswd", [400, 404]),
        ("/no/such/page", [404, 404]),
    ] {
        let answer = client.request(Method::GET, path).send().await.unwrap();
        let status = answer.status().as_u16();
        assert!(allowed.contains(&status), "{path} answered {status}");
        assert!(answer.json::<Value>().await.unwrap()["error"].is_string(), "{path}");
    }
    let answer = client.request(Method::PUT, "/databases").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.json::<Value>().await.unwrap()["error"].is_string());
}

#[tokio::test]
async fn no_password_comes_back_or_is_logged() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "input").await;
    let secret = "s3cret-of-the-target";
    let registered = organization.register_as(&database_with("password", json!(secret))).await;
    let broken = format!("{{\"name\":\"y\",\"engine\":\"postgres\",\"host\":1,\"password\":\"{secret}\"}}");
    let refused = organization.key.send(Method::POST, "/databases", JSON, broken).await.text().await.unwrap();
    let tested = organization.key.send(
        Method::POST,
        "/databases/test",
        JSON,
        database_with("password", json!(secret)).to_string(),
    );
    let tested = tested.await.text().await.unwrap();
    for text in [registered.get("").await.to_string(), refused, tested, app.log()] {
        assert!(!text.contains(secret), "{text}");
    }
}
