//! A disk that takes no more: whoever asks is told, what was acknowledged is kept, and all goes on by itself.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, TestApp, TestClient, TestDatabase, eventually, issue};

const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// A key with its id.
async fn new_key(organization: &Organization, name: &str) -> (String, TestClient) {
    let made = organization.owner.post("/api-keys", &json!({ "name": name }), 201).await;
    let key = TestClient::with_bearer("", made["key"].as_str().unwrap());
    (made["id"].as_str().unwrap().to_owned(), key)
}

async fn status(app: &TestApp, key: &TestClient) -> u16 {
    let client = TestClient::with_bearer(&app.url, key.bearer());
    client.request(Method::GET, "/databases").send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_while_the_disk_is_full_and_all_is_well_afterwards() {
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "full").await;
    let watched = TestDatabase::create(shared(NEWEST).await).await;
    let registered = organization.register(&watched).await;
    registered.connected().await;
    let (id, key) = new_key(&organization, "before").await;

    let log_bytes = std::fs::metadata(app.data_dir().join("basira.db-wal")).unwrap().len();
    app.limit_files(Some(log_bytes)).await;
    let refused = async || {
        let made = organization.owner.request(Method::POST, "/api-keys").json(&json!({"name": "refused"}));
        let answer = made.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["code"].clone())
    };
    // what is left of the last page may still take something
    eventually(NOTICED_WITHIN, async || match refused().await {
        (503, code) if code == "storage_unavailable" => Ok(()),
        other => Err(other),
    })
    .await;
    for _ in 0..3 {
        organization.owner.delete(&format!("/api-keys/{id}"), 503).await;
        organization.owner.post("/auth/logout", &json!({}), 503).await;
    }
    assert_eq!(status(&app, &key).await, 200, "reading goes on, and a key whose revocation failed is good");
    app.anonymous().get("/readyz", 503).await;
    app.anonymous().get("/healthz", 200).await;
    let line = registered.collector_becomes("pg_stat_statements", "failing").await;
    assert!(line["fix"].as_str().unwrap().contains("disk"), "{line}");
    eventually(NOTICED_WITHIN, async || {
        let doctor = registered.get("/doctor").await;
        issue(&doctor, "collection.storage_failing").map(|_| ()).ok_or(doctor)
    })
    .await;
    let complaints = app.log().matches("the storage takes no writes").count();
    assert_eq!(complaints, 1, "once a minute, whoever writes");

    app.limit_files(None).await;
    eventually(NOTICED_WITHIN, async || {
        let ready = app.anonymous().request(Method::GET, "/readyz").send().await.unwrap().status();
        if ready == 200 { Ok(()) } else { Err(ready) }
    })
    .await;
    let line = registered.collector_becomes("pg_stat_statements", "ok").await;
    assert_eq!(line["reason"], Value::Null);
    let (_, later) = new_key(&organization, "after").await;
    assert_eq!(status(&app, &later).await, 200);
    organization.owner.delete(&format!("/api-keys/{id}"), 204).await;
    assert_eq!(status(&app, &key).await, 401);

    app.kill().await;
    app.start_again().await;
    assert_eq!(status(&app, &key).await, 401, "a revoked key stays revoked");
    assert_eq!(status(&app, &later).await, 200);
}
