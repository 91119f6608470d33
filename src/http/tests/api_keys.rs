//! What keys may do, until when and from where.

use std::time::Duration;

use basira_actors::model::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{TestServer, answered};
use super::live::{Heard, LIVE, hear, open};

const KEYS: &str = "/api/v1/api-keys";

/// A key that Ada made with `limits`.
async fn issue(server: &TestServer, limits: Value) -> Value {
    let mut body = json!({"name": "limited"});
    body.as_object_mut().expect("an object").extend(limits.as_object().expect("an object").clone());
    let (status, key) = send(server, Method::POST, KEYS, &server.ada, body).await;
    assert_eq!(status, 201, "{key}");
    key
}

async fn send(server: &TestServer, method: Method, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    let (status, body) = answered(server.request(method, path).bearer_auth(bearer).json(&body)).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn secret(key: &Value) -> &str {
    key["key"].as_str().expect("a key")
}

#[tokio::test]
async fn a_key_does_what_its_scope_says() {
    let server = TestServer::start().await;
    let database = json!({"name": "more", "engine": "postgres", "host": "127.0.0.1", "port": 1});
    let advice = "/api/v1/recommendations/01a21109-78ca-76f0-9933-a1726b772fe1";
    let calls = [
        // the scope that it takes, 0 to 2
        (0, Method::GET, "/api/v1/databases/{id}", Value::Null),
        (0, Method::GET, KEYS, Value::Null),
        (0, Method::GET, "/api/v1/auth/me", Value::Null),
        (1, Method::POST, "/api/v1/databases/{id}/collect", Value::Null),
        (1, Method::POST, "/api/v1/databases/test", database.clone()),
        (1, Method::POST, "/api/v1/databases", database),
        (1, Method::PATCH, "/api/v1/databases/{id}", json!({"port": 2, "password": "again"})),
        (1, Method::PATCH, advice, json!({"status": "open"})),
        (2, Method::POST, KEYS, json!({"name": "child"})),
        (2, Method::DELETE, "/api/v1/api-keys/01a21109-78ca-76f0-9933-a1726b772fe1", Value::Null),
    ];
    for (rank, scope) in ["read", "write", "admin"].into_iter().enumerate() {
        let key = issue(&server, json!({"scope": scope})).await;
        assert_eq!(key["scope"], scope);
        for (least, method, path, body) in &calls {
            let (status, answer) = send(&server, method.clone(), path, secret(&key), body.clone()).await;
            let refused = status == 403 && answer["code"] == "role_required";
            assert_eq!(refused, rank < *least, "{scope} {method} {path}: {status} {answer}");
            assert!(refused || status != 401, "{scope} {method} {path}: {answer}");
        }
    }
    let unlimited = issue(&server, json!({})).await;
    assert_eq!(unlimited["scope"], "admin");
    let deleted = send(&server, Method::DELETE, "/api/v1/databases/{id}", secret(&unlimited), Value::Null);
    assert_eq!(deleted.await.0, 204);
}

#[tokio::test]
async fn bad_limits_are_refused() {
    let server = TestServer::start().await;
    let past = Timestamp::now() - Duration::from_secs(1);
    for (field, value) in [
        ("scope", json!("owner")),
        ("expires_at", json!(past)),
        ("expires_at", json!("tomorrow")),
        ("allowed_addresses", json!(["10.0.0.0/40"])),
        ("allowed_addresses", json!("10.0.0.0/8")),
    ] {
        let body = json!({"name": "bad", field: value});
        let (status, answer) = send(&server, Method::POST, KEYS, &server.ada, body).await;
        assert_eq!(status, 400, "{field}: {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn a_key_that_ends_takes_its_streams_along() {
    let server = TestServer::start().await;
    let ends = Timestamp::now() + Duration::from_secs(2);
    let key = issue(&server, json!({"expires_at": ends})).await;
    assert_eq!(key["expires_at"], json!(ends));
    let bearer = [("authorization", format!("Bearer {}", secret(&key)))];
    let mut socket = open(&server, LIVE, &bearer).await;
    loop {
        match hear(&mut socket).await {
            Heard::Text(_) => {}
            heard => break assert_eq!(heard, Heard::Closed(4401)),
        }
    }
    assert!(Timestamp::now() >= ends, "it ended before its time");
    let (status, answer) = send(&server, Method::GET, KEYS, secret(&key), Value::Null).await;
    assert_eq!((status, &answer["code"]), (401, &json!("key_expired")));
    let mut late = open(&server, LIVE, &bearer).await;
    assert_eq!(hear(&mut late).await, Heard::Closed(4401));
}

#[tokio::test]
async fn a_key_is_good_from_its_addresses_only() {
    let server = TestServer::start().await;
    let elsewhere = issue(&server, json!({"allowed_addresses": ["192.0.2.0/24", "2001:db8::1"]})).await;
    assert_eq!(elsewhere["allowed_addresses"], json!(["192.0.2.0/24", "2001:db8::1/128"]));
    let (status, answer) = send(&server, Method::GET, KEYS, secret(&elsewhere), Value::Null).await;
    assert_eq!((status, &answer["code"]), (403, &json!("address_not_allowed")));
    let mut socket = open(&server, LIVE, &[("x-api-key", secret(&elsewhere).to_owned())]).await;
    assert_eq!(hear(&mut socket).await, Heard::Closed(4403));

    let here = issue(&server, json!({"allowed_addresses": ["127.0.0.0/8"]})).await;
    assert_eq!(send(&server, Method::GET, KEYS, secret(&here), Value::Null).await.0, 200);
    let child = json!({"name": "unbound"});
    let (status, answer) = send(&server, Method::POST, KEYS, secret(&here), child).await;
    assert_eq!((status, &answer["code"]), (403, &json!("confined_key")));

    let (_, listed) = send(&server, Method::GET, KEYS, &server.ada, Value::Null).await;
    assert_eq!(listed[0]["last_used_from"], Value::Null, "a refused use counted");
    assert_eq!(listed[1]["last_used_from"], "127.0.0.1");
    assert!(listed[1]["last_used_at"].is_string());
}
