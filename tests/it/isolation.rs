//! Two organizations: to each the other does not exist.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, TestApp, TestDatabase};

/// Every route below one database, and a body where one is needed.
fn routes_of_a_database(id: &str) -> Vec<(Method, String, Value)> {
    let views = [
        "/doctor",
        "/doctor/history",
        "/recommendations",
        "/index-advice",
        "",
        "/health",
        "/collectors",
        "/overview",
        "/active",
        "/connections",
        "/locks",
        "/locks/tree",
        "/queries",
        "/queries/0123456789abcdef",
        "/waits",
    ];
    let mut routes: Vec<_> =
        views.iter().map(|view| (Method::GET, format!("/databases/{id}{view}"), Value::Null)).collect();
    routes.push((Method::PATCH, format!("/databases/{id}"), json!({"name": "mine now"})));
    routes.push((Method::DELETE, format!("/databases/{id}"), Value::Null));
    routes
}

#[tokio::test]
async fn ids_of_another_organization_are_unknown_on_every_route() {
    let app = TestApp::start().await;
    let owner = Organization::verified(&app, "mine").await;
    let stranger = Organization::verified(&app, "theirs").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let registered = owner.register(&database).await;
    registered.connected().await;

    for credentials in [&stranger.key, &stranger.owner] {
        for (method, path, body) in routes_of_a_database(&registered.id) {
            let answer = credentials.send(method.clone(), &path, "application/json", body.to_string()).await;
            assert_eq!(answer.status().as_u16(), 404, "{method} {path}");
        }
    }
    assert_eq!(stranger.key.get("/databases", 200).await, json!([]));
    let kept = registered.get("").await;
    assert_eq!(kept["name"], database.registration()["name"]);
}

#[tokio::test]
async fn api_keys_of_another_organization_are_neither_listed_nor_revoked() {
    let app = TestApp::start().await;
    let owner = Organization::verified(&app, "mine").await;
    let stranger = Organization::verified(&app, "theirs").await;
    let mine = owner.owner.get("/api-keys", 200).await;
    let id = mine[0]["id"].as_str().unwrap();
    let theirs = stranger.owner.get("/api-keys?include_revoked=true", 200).await;
    assert!(!theirs.to_string().contains(id), "{theirs}");
    stranger.owner.delete(&format!("/api-keys/{id}"), 404).await;
    owner.key.get("/databases", 200).await;
}

#[tokio::test]
async fn two_organizations_may_watch_one_database_under_one_name() {
    let app = TestApp::start().await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    for name in ["mine", "theirs"] {
        let organization = Organization::verified(&app, name).await;
        organization.register(&database).await;
        organization.key.post("/databases", &database.registration(), 409).await;
        assert_eq!(organization.key.get("/databases", 200).await.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn only_health_routes_answer_without_credentials() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    nobody.get("/healthz", 200).await;
    nobody.get("/readyz", 200).await;
    for (method, path, body) in routes_of_a_database("0190a0b0-0000-7000-8000-000000000000") {
        let answer = nobody.send(method.clone(), &path, "application/json", body.to_string()).await;
        assert_eq!(answer.status().as_u16(), 401, "{method} {path}");
    }
    for path in ["/databases", "/api-keys", "/auth/me"] {
        nobody.get(path, 401).await;
    }
}
