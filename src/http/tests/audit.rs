//! Every change leaves a trail, and no secret in it.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::TestServer;
use crate::http::{AuditPolicy, routes};

/// What Ada's organization did, newest first.
async fn audit(server: &TestServer) -> Vec<Value> {
    let entries = server.get("/api/v1/audit?limit=1000", 200).await;
    entries.as_array().expect("a list").clone()
}

async fn send(server: &TestServer, method: Method, path: &str, token: Option<&str>, body: &Value) -> u16 {
    let mut request = server.request(method, path).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_change_is_written_down_with_who_when_from_where_and_what() {
    let server = TestServer::start().await;
    let path = "/api/v1/databases/{id}";
    let body = json!({"port": 2, "password": "hunter2hunter2"});
    assert_eq!(send(&server, Method::PATCH, path, Some(&server.ada), &body).await, 200);
    let key = server.request(Method::POST, "/api/v1/api-keys").bearer_auth(&server.ada);
    let key = key.json(&json!({"name": "ci"})).send().await.expect("an answer");
    let request_id = key.headers()["x-request-id"].to_str().expect("text").to_owned();
    let key: Value = key.json().await.expect("JSON");
    let secret = key["key"].as_str().expect("a key");
    assert_eq!(send(&server, Method::DELETE, path, Some(secret), &Value::Null).await, 204);

    let entries = audit(&server).await;
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
    let expected = ["DELETE /api/v1/databases/{id}", "POST /api/v1/api-keys", "PATCH /api/v1/databases/{id}"];
    assert_eq!(actions, expected);
    let me = server.get("/api/v1/auth/me", 200).await;
    for entry in &entries {
        assert_eq!((&entry["outcome"], &entry["address"]), (&json!("done"), &json!("127.0.0.1")), "{entry}");
        assert!(entry["ts"].as_str().is_some_and(|ts| ts.ends_with('Z')), "{entry}");
    }
    assert_eq!(entries[0]["actor_kind"], "api_key");
    assert_eq!((&entries[0]["actor_id"], &entries[0]["actor_name"]), (&key["id"], &json!("ci")));
    assert_eq!(entries[0]["target"], json!({"id": server.database}));
    assert_eq!((&entries[1]["request_id"], &entries[1]["status"]), (&json!(request_id), &json!(201)));
    assert_eq!(entries[1]["details"], json!({"id": key["id"], "name": "ci", "scope": "admin"}));
    assert_eq!((&entries[2]["actor_kind"], &entries[2]["actor_id"]), (&json!("user"), &me["user"]["id"]));
    assert_eq!(entries[2]["actor_name"], "ada@x.org");
    assert_eq!(entries[2]["details"], json!({"fields": ["port", "password"]}));
    let text = json!(entries).to_string();
    for secret in ["hunter2hunter2", secret.rsplit('_').next().expect("its secret")] {
        assert!(!text.contains(secret), "{text}");
    }
    let strangers = server.request(Method::GET, "/api/v1/audit").bearer_auth(&server.eve);
    let strangers: Value = strangers.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(strangers, json!([]));
}

#[tokio::test]
async fn what_changes_nothing_or_was_not_done_leaves_no_trail() {
    let server = TestServer::start().await;
    server.get("/api/v1/databases/{id}", 200).await;
    for (method, path, token, status) in [
        (Method::POST, "/api/v1/auth/ws-ticket", Some(&server.ada), 200),
        (Method::POST, "/api/v1/auth/logout", None, 204),
        (Method::POST, "/api/v1/api-keys", Some(&server.ada), 400),
        (Method::POST, "/api/v1/api-keys", None, 401),
        (Method::DELETE, "/api/v1/databases/{id}", Some(&server.eve), 404),
    ] {
        assert_eq!(
            send(&server, method, path, token.map(String::as_str), &json!({})).await,
            status,
            "{path}"
        );
    }
    assert_eq!(audit(&server).await, Vec::<Value>::new());
    assert_eq!(server.get("/api/v1/admin/audit", 200).await, json!([]));
}

#[tokio::test]
async fn sign_ins_are_told_to_whom_they_concern() {
    let server = TestServer::start().await;
    let login = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        send(&server, Method::POST, "/api/v1/auth/login", None, &body).await
    };
    assert_eq!(login("ADA@x.org", "correct horse").await, 200);
    assert_eq!(login("ada@x.org", "wrong horse").await, 401);
    assert_eq!(login("my secret passphrase", "wrong horse").await, 401);

    let me = server.get("/api/v1/auth/me", 200).await;
    let entries = audit(&server).await;
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!((&entries[0]["outcome"], &entries[0]["actor_kind"]), (&json!("refused"), &json!("nobody")));
    assert_eq!(entries[0]["details"]["user_id"], me["user"]["id"]);
    assert_eq!(entries[0]["address"], "127.0.0.1");
    assert_eq!((&entries[1]["outcome"], &entries[1]["actor_id"]), (&json!("done"), &me["user"]["id"]));
    let instance = server.get("/api/v1/admin/audit", 200).await;
    assert_eq!((instance.as_array().map(Vec::len), &instance[0]["outcome"]), (Some(1), &json!("refused")));
    let text = json!([entries, instance]).to_string();
    for secret in ["horse", "passphrase"] {
        assert!(!text.contains(secret), "{text}");
    }
    let filtered = server.get("/api/v1/audit?outcome=refused&limit=1", 200).await;
    assert_eq!(filtered[0]["id"], entries[0]["id"]);
    let later = format!("/api/v1/audit?since={}", entries[0]["ts"].as_str().expect("a time"));
    assert_eq!(server.get(&later, 200).await[0]["id"], entries[0]["id"]);
    for bad in ["limit=1001", "outcome=x", "before=x", "actor_id=x", "since=x"] {
        server.get(&format!("/api/v1/audit?{bad}"), 400).await;
    }
}

#[tokio::test]
async fn the_log_of_the_instance_is_for_its_admins() {
    let server = TestServer::start().await;
    let path = "/api/v1/admin/audit";
    for (token, status) in [(Some(server.ada.as_str()), 200), (Some(server.eve.as_str()), 403), (None, 401)] {
        assert_eq!(send(&server, Method::GET, path, token, &Value::Null).await, status);
    }
}

#[test]
fn every_route_that_changes_something_is_recorded() {
    let silent: Vec<_> = routes::all()
        .into_iter()
        .filter(|route| !route.method.is_safe() && route.audit == AuditPolicy::Never)
        .map(|route| format!("{route:?}"))
        .collect();
    // an invitation is accepted when the provider sends its person back: that is recorded
    let accepts = "POST /api/v1/auth/oidc/{provider}/accept-invitation";
    assert_eq!(silent, ["POST /api/v1/auth/ws-ticket", accepts]);
}
