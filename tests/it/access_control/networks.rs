//! Which networks whose databases may be in.

use std::time::Duration;

use basira::config::Config;
use serde_json::{Value, json};

use crate::harness::{Organization, TestApp, eventually};

fn at(host: &str) -> Value {
    json!({"name": host, "engine": "postgres", "host": host, "port": 1})
}

/// What `targets.private` is unless it is set, which it is in other tests.
fn private_by_default() -> String {
    let private = Config::load(None, [], &[]).unwrap().targets.private;
    private.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn private_networks_are_denied_to_ordinary_accounts_where_signup_is_open() {
    let app = TestApp::start_with(&[("TARGETS__PRIVATE", &private_by_default())]).await;
    // the first account of an instance runs it
    let operator = Organization::verified(&app, "operator").await;
    let stranger = Organization::verified(&app, "stranger").await;
    operator.key.post("/databases", &at("127.0.0.1"), 201).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "::1",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ] {
        let refused = stranger.key.post("/databases", &at(host), 400).await;
        assert_eq!(refused["field"], "host", "{host}: {refused}");
        let report = stranger.key.post("/databases/test", &at(host), 200).await;
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains("may not connect to"), "{host}: {report}");
    }
    for host in ["169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::1", "240.0.0.1"] {
        operator.key.post("/databases", &at(host), 400).await;
    }
    // who comes to run the instance is no stranger any more, and may be one again
    let granted = json!({"email": stranger.email});
    let granted = operator.owner.post("/admin/instance-admins", &granted, 201).await;
    let id = stranger.key.post("/databases", &at("127.0.0.1"), 201).await["id"].clone();
    let admin = format!("/admin/instance-admins/{}", granted["id"].as_str().unwrap());
    operator.owner.delete(&admin, 204).await;
    let path = format!("/databases/{}", id.as_str().unwrap());
    assert_eq!(stranger.key.patch(&path, &json!({"host": "::1"}), 400).await["field"], "host");
}

#[tokio::test]
async fn a_connection_is_checked_against_the_current_instance_admins() {
    let app = TestApp::start_with(&[("TARGETS__PRIVATE", &private_by_default())]).await;
    let operator = Organization::verified(&app, "operator").await;
    let former = Organization::verified(&app, "former").await;
    let granted = operator.owner.post("/admin/instance-admins", &json!({"email": former.email}), 201).await;
    let registered = former.register_as(&at("127.0.0.1")).await;
    operator.owner.delete(&format!("/admin/instance-admins/{}", granted["id"].as_str().unwrap()), 204).await;
    eventually(Duration::from_secs(20), async || {
        let database = registered.get("").await;
        let error = database["last_error"].as_str().unwrap_or_default();
        if error.contains("targets.private") { Ok(()) } else { Err(database) }
    })
    .await;
}

#[tokio::test]
async fn private_networks_are_allowed_where_signup_is_by_invitation() {
    let mut app = TestApp::start_with(&[("TARGETS__PRIVATE", &private_by_default())]).await;
    Organization::verified(&app, "operator").await;
    let other = Organization::verified(&app, "other").await;
    other.key.post("/databases", &at("127.0.0.1"), 400).await;
    app.set("AUTH__SIGNUP", "invite");
    app.kill().await;
    app.start_again().await;
    other.moved_to(&app).post("/databases", &at("127.0.0.1"), 201).await;
}
