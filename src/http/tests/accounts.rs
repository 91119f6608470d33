//! Sessions in cookies, and what each role may change.

use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};

use super::harness::TestServer;
use crate::storage::tests::set_role;

const OURS: &str = "https://basira.example";

/// `name=value` of each cookie that `response` sets.
fn cookies(response: &reqwest::Response) -> Vec<String> {
    let set = response.headers().get_all(SET_COOKIE).iter();
    set.map(|cookie| cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned()).collect()
}

#[tokio::test]
async fn a_session_lives_in_cookies_that_only_our_pages_can_use() {
    let server = TestServer::start().await;
    let login = json!({"email": "ada@x.org", "password": "correct horse"});
    let response =
        server.request(Method::POST, "/api/v1/auth/login").json(&login).send().await.expect("an answer");
    for cookie in response.headers().get_all(SET_COOKIE) {
        let cookie = cookie.to_str().expect("text");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
    }
    let cookies = cookies(&response).join("; ");
    let send = async |method: Method, path: &str, origin: Option<&str>, body: Value| {
        let mut request = server.request(method, path).header(COOKIE, &cookies).json(&body);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        request.send().await.expect("an answer")
    };

    assert_eq!(send(Method::GET, "/api/v1/auth/me", None, Value::Null).await.status(), 200);
    for path in ["/api/v1/api-keys", "/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        for origin in [None, Some("https://evil.example")] {
            let refused = send(Method::POST, path, origin, json!({"name": "ci"})).await;
            assert_eq!(refused.status(), 403, "{path} {origin:?}");
            assert_eq!(refused.json::<Value>().await.expect("JSON")["code"], "bad_origin");
        }
    }
    assert_eq!(send(Method::POST, "/api/v1/api-keys", Some(OURS), json!({"name": "ci"})).await.status(), 201);
    let left = send(Method::POST, "/api/v1/auth/logout", Some(OURS), json!({})).await;
    assert_eq!(left.status(), 204);
    assert_eq!(self::cookies(&left), ["__Host-basira_access=", "__Host-basira_refresh="]);
    let ended = send(Method::POST, "/api/v1/auth/refresh", Some(OURS), json!({})).await;
    assert_eq!(ended.status(), 401);
}

#[tokio::test]
async fn a_logout_needs_no_more_than_the_access_token() {
    let server = TestServer::start().await;
    let login = json!({"email": "ada@x.org", "password": "correct horse"});
    let login =
        server.request(Method::POST, "/api/v1/auth/login").json(&login).send().await.expect("an answer");
    let tokens: Value = login.json().await.expect("JSON");
    assert_eq!(tokens["expires_in"], 900);
    let logout = server.request(Method::POST, "/api/v1/auth/logout");
    let logout = logout.bearer_auth(tokens["access_token"].as_str().expect("a token"));
    assert_eq!(logout.send().await.expect("an answer").status(), 204);
    let refresh = server.request(Method::POST, "/api/v1/auth/refresh").json(&tokens);
    assert_eq!(refresh.send().await.expect("an answer").status(), 401);
    let nobody = server.request(Method::POST, "/api/v1/auth/logout").send().await.expect("an answer");
    assert_eq!(nobody.status(), 204);
}

#[tokio::test]
async fn members_read_what_admins_change() {
    let server = TestServer::start().await;
    let login = json!({"email": "ada@x.org", "password": "correct horse"});
    let database = json!({"name": "more", "engine": "postgres", "host": "127.0.0.1", "port": 1});
    let changes = [
        (Method::POST, "/api/v1/databases", database.clone()),
        (Method::POST, "/api/v1/databases/test", database),
        (Method::PATCH, "/api/v1/databases/{id}", json!({"port": 2, "password": "again"})),
        (Method::POST, "/api/v1/api-keys", json!({"name": "ci"})),
        (Method::DELETE, "/api/v1/api-keys/01a21109-78ca-76f0-9933-a1726b772fe1", Value::Null),
        (Method::DELETE, "/api/v1/databases/{id}", Value::Null),
    ];
    let decided = ("/api/v1/recommendations/01a21109-78ca-76f0-9933-a1726b772fe1", json!({"status": "open"}));
    for (role, allowed) in [("viewer", false), ("member", false), ("admin", true)] {
        set_role(&server.app.storage, "ada@x.org", role).await;
        let session = server.request(Method::POST, "/api/v1/auth/login").json(&login);
        let session: Value = session.send().await.expect("an answer").json().await.expect("JSON");
        let token = session["access_token"].as_str().expect("a token");
        for path in ["/api/v1/databases", "/api/v1/databases/{id}", "/api/v1/api-keys"] {
            let read = server.request(Method::GET, path).bearer_auth(token).send().await.expect("an answer");
            assert_eq!(read.status(), 200, "{role} GET {path}");
        }
        for (method, path, body) in &changes {
            let change = server.request(method.clone(), path).bearer_auth(token).json(body);
            let answer = change.send().await.expect("an answer");
            let refused = answer.status() == 403
                && answer.json::<Value>().await.expect("JSON")["code"] == "role_required";
            assert_eq!(!refused, allowed, "{role} {method} {path}");
        }
        let decide = server.request(Method::PATCH, decided.0).bearer_auth(token).json(&decided.1);
        let expected = if role == "viewer" { 403 } else { 404 };
        assert_eq!(decide.send().await.expect("an answer").status(), expected, "{role} decides");
    }
}

#[tokio::test]
async fn a_database_is_shown_with_the_fields_of_the_contract_and_no_secret() {
    let server = TestServer::start().await;
    let shown = server.get("/api/v1/databases/{id}", 200).await;
    let fields = shown.as_object().expect("an object").keys().map(String::as_str).collect::<Vec<_>>();
    let mut expected = [
        "id",
        "name",
        "engine",
        "engine_version",
        "host",
        "port",
        "database",
        "username",
        "tls",
        "tags",
        "poll_interval_seconds",
        "collect_explain_plans",
        "collect_replication",
        "disabled_collectors",
        "all_databases",
        "cluster",
        "let_idle",
        "try_indexes_on_primary",
        "include_databases",
        "exclude_databases",
        "rules",
        "status",
        "last_seen_at",
        "last_error",
        "health_score",
        "created_at",
        "updated_at",
    ];
    expected.sort_unstable();
    let mut found = fields;
    found.sort_unstable();
    assert_eq!(found, expected);
    let listed = server.get("/api/v1/databases", 200).await;
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["id"]), (Some(1), &shown["id"]));
}
