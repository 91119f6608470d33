//! Whatever happens to a watched ClickHouse, or to our user there: it is told why, and what to do.

use std::time::Duration;

use basira_test_support::{ClickHouseOptions, ClickHouseServer};
use serde_json::{Value, json};

use crate::harness::clickhouse::{private, shared};
use crate::harness::{ClickHouseDatabase, InterceptingProxy, Organization, Registered, TestApp, eventually};

const NOTICED_WITHIN: Duration = Duration::from_secs(25);
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);

async fn suffers(registered: &Registered, words: &str) -> String {
    eventually(NOTICED_WITHIN, async || {
        let database = registered.get("").await;
        let reason = database["last_error"].as_str().unwrap_or_default().to_owned();
        if database["status"] == "disconnected" && reason.contains(words) {
            Ok(reason)
        } else {
            Err(database)
        }
    })
    .await
}

#[tokio::test]
async fn wrong_credentials_are_reported_without_the_password() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "credentials").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    for change in [("password", "not-the-password"), ("username", "nobody-here")] {
        let mut body = database.registration();
        body[change.0] = json!(change.1);
        let report = organization.key.post("/databases/test", &body, 200).await;
        assert_eq!(report["connected"], false, "{report}");
        let error = report["error"].as_str().unwrap();
        let user = body["username"].as_str().unwrap();
        assert_eq!(error, format!("the server refused the credentials of role {user}"));
        assert!(report["fix"].as_str().is_some_and(|fix| fix.contains("password") && !fix.contains("pg_")));

        let registered = organization.register_as(&body).await;
        let reason = suffers(&registered, "refused the credentials").await;
        let right = database.registration();
        let right = json!({"username": right["username"], "password": right["password"]});
        organization.key.patch(&format!("/databases/{}", registered.id), &right, 200).await;
        registered.status_becomes("connected", RECOVERED_WITHIN).await;
        for secret in ["not-the-password", ClickHouseServer::PASSWORD] {
            assert!(
                !reason.contains(secret)
                    && !report.to_string().contains(secret)
                    && !app.log().contains(secret)
            );
        }
        organization.key.delete(&format!("/databases/{}", registered.id), 204).await;
    }
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "missing").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let mut body = database.registration();
    body["database"] = json!("not_here");
    let report = organization.key.post("/databases/test", &body, 200).await;
    assert!(report["error"].as_str().is_some_and(|error| error.contains("not_here")), "{report}");
}

#[tokio::test]
async fn a_readonly_user_gets_the_advice_to_set_limits_in_its_profile() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "strict").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let registered = organization.register_as(&database.registration_as(ClickHouseServer::READERS[1])).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    let line = registered.collector_becomes("ch_processes", "ok").await;
    assert!(line["reason"].as_str().is_some_and(|reason| reason.contains("readonly = 1")), "{line}");
    let fix = line["fix"].as_str().unwrap();
    assert!(fix.contains("readonly = 2") && fix.contains("max_execution_time"), "{line}");
}

#[tokio::test]
async fn a_user_without_grants_gets_each_missing_grant() {
    let mut server = private(ClickHouseOptions::default()).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "blind").await;
    let database = ClickHouseDatabase::create(&server).await;
    let user = ClickHouseServer::READERS[2];
    let mut body = database.registration_as(user);
    body["database"] = json!("default");
    let registered = organization.register_as(&body).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    let refused = registered
        .collected(async || {
            let lines = registered.get("/collectors").await;
            let enabled = |line: &&Value| line["enabled"] == true;
            let lines: Vec<Value> = lines.as_array().unwrap().iter().filter(enabled).cloned().collect();
            if lines.iter().all(|line| line["reason"].is_string()) { Ok(lines) } else { Err(lines) }
        })
        .await;
    let mut grants = Vec::new();
    for line in refused.iter().filter(|line| line["state"] == "failing") {
        let fix = line["fix"].as_str().unwrap_or_else(|| panic!("{line} does not say what to do"));
        let grant = fix.strip_suffix(&format!(" TO \"{user}\";"));
        grants.push(grant.filter(|grant| grant.starts_with("GRANT ")).unwrap_or_else(|| panic!("{line}")));
    }
    assert!(grants.contains(&"GRANT SELECT ON system.processes"), "{grants:?}");

    server.kill_hard().await.unwrap();
    grants.iter().for_each(|grant| server.grant(user, grant).unwrap());
    server.start_again().await.unwrap();
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    registered.collector_becomes("ch_processes", "ok").await;
}

#[tokio::test]
async fn an_unresponsive_server_is_detected_and_reconnected() {
    let server = private(ClickHouseOptions::default()).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "hung").await;
    let database = ClickHouseDatabase::create(&server).await;
    let registered = organization.register_as(&database.registration()).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    server.suspend().unwrap();
    suffers(&registered, "did not answer").await;
    server.resume().unwrap();
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
}

#[tokio::test]
async fn a_server_killed_during_a_response_is_detected_and_reconnected() {
    let mut server = private(ClickHouseOptions::default()).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "killed").await;
    let database = ClickHouseDatabase::create(&server).await;
    let proxy = InterceptingProxy::before(server.port()).await;
    let registered = organization.register_as(&database.registration_through(proxy.port)).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    server.suspend().unwrap();
    let requests = proxy.requests().len();
    eventually(NOTICED_WITHIN, async || {
        if proxy.requests().len() > requests { Ok(()) } else { Err("no question yet") }
    })
    .await;
    server.kill_hard().await.unwrap();
    suffers(&registered, "8123").await;
    server.start_again().await.unwrap();
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
}

#[tokio::test]
async fn a_missing_table_is_named() {
    // a server whose logs are off has no such tables; what is left works
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "tables").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let registered = organization.register_as(&database.registration()).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    let lines = registered
        .collected(async || {
            let lines = registered.get("/collectors").await;
            let waits = |line: &&Value| line["enabled"] == true && line["runs"] == 0;
            if lines.as_array().unwrap().iter().any(|line| waits(&line)) { Err(lines) } else { Ok(lines) }
        })
        .await;
    for line in lines.as_array().unwrap().iter().filter(|line| line["state"] == "skipped") {
        assert!(line["reason"].is_string() && line["fix"].is_string(), "{line}");
    }
}
