//! Rules about the collection itself.

use std::time::Duration;

use serde_json::json;

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, TestApp, TestDatabase, eventually, issue};

#[tokio::test]
async fn an_unreachable_database_has_no_score() {
    let mut server = private(NEWEST, "fsync = on").await;
    let scene = HealthScene::on(&server, &json!({})).await;
    let doctor = scene
        .registered
        .collected(async || {
            let doctor = scene.registered.get("/doctor").await;
            if doctor["score"].is_number() { Ok(doctor) } else { Err(doctor) }
        })
        .await;
    assert_eq!(doctor["status"], "healthy", "{doctor}");
    server.kill_hard().await.unwrap();
    let away = eventually(Duration::from_secs(30), async || {
        let doctor = scene.registered.get("/doctor").await;
        if doctor["score"].is_null() { Ok(doctor) } else { Err(doctor) }
    })
    .await;
    assert_eq!(away["status"], "unhealthy");
    let found = issue(&away, "collection.disconnected").expect("the issue");
    assert_eq!((found["penalty"].as_i64(), found["severity"].as_str()), (Some(100), Some("critical")));
    assert_eq!(away["top_issues"].as_array().unwrap().len(), 1);
    assert!(away["not_evaluated"].as_array().unwrap().len() >= 4, "{away}");
    assert!(scene.registered.get("").await["health_score"].is_null());
    assert!(scene.registered.get("/overview").await["health_score"].is_null());
}

#[tokio::test]
async fn the_history_names_the_rules_that_cost_points() {
    let server = private(NEWEST, "fsync = on").await;
    let scene = HealthScene::on(&server, &json!({"connections.saturation": {"threshold": 0.1}})).await;
    let issue = scene.registered.wait_for_issue("connections.saturation", "max_connections").await;
    let lines = scene
        .registered
        .collected(async || {
            let history = scene.registered.get("/doctor/history?bucket=5").await;
            let lines = history.as_array().unwrap().clone();
            let lost = lines.iter().any(|line| line["issues"][0]["rule_id"] == "connections.saturation");
            if lost { Ok(lines) } else { Err(history) }
        })
        .await;
    let last = lines.last().unwrap();
    assert_eq!(last["issues"][0]["penalty"], issue["penalty"]);
    for line in &lines {
        let lost: i64 =
            line["issues"].as_array().unwrap().iter().map(|i| i["penalty"].as_i64().unwrap()).sum();
        assert_eq!(line["score"].as_i64(), Some(100 - lost), "{line}");
    }
    scene.registered.set_rule("connections.saturation", &json!({"enabled": false})).await;
    scene
        .registered
        .collected(async || {
            let history = scene.registered.get("/doctor/history?bucket=5").await;
            let last = history.as_array().unwrap().last().unwrap().clone();
            if last["issues"] == json!([]) && last["score"] == 100 { Ok(()) } else { Err(last) }
        })
        .await;
}

#[tokio::test]
async fn a_collector_without_its_privilege_fails_until_the_printed_grant() {
    let rule = "collection.failing";
    let scene = HealthScene::on(shared(NEWEST).await, &json!({rule: {}})).await;
    // a server where not everybody may see everything
    scene
        .run(
            "revoke select on pg_catalog.pg_stat_wal from public;
grant select on pg_catalog.pg_stat_wal to pg_monitor",
        )
        .await;
    scene.registered.wait_until_resolved(rule, "pg_stat_wal").await;
    scene.run(&format!("revoke pg_monitor from {}", scene.database.name)).await;
    let issue = scene.registered.wait_for_issue(rule, "pg_stat_wal").await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains("permission denied for view pg_stat_wal"), "{detail}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved(rule, "pg_stat_wal").await;
}

/// What a clock shows that is so many seconds ahead, as far as SQL can tell.
fn clock_ahead(seconds: u32) -> String {
    format!(
        "create or replace function pg_catalog.clock_timestamp() returns timestamptz volatile language sql \
         as 'select pg_catalog.right_time() + interval ''{seconds} s'' '"
    )
}

#[tokio::test]
async fn clock_skew_is_reported_until_it_is_corrected() {
    let rule = "collection.clock_skew";
    let server = private(NEWEST, "allow_system_table_mods = on").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    let rename = "alter function pg_catalog.clock_timestamp() rename to right_time";
    admin.batch_execute(rename).await.unwrap();
    admin.batch_execute(&clock_ahead(0)).await.unwrap();
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "health").await;
    let mut registration = database.registration();
    registration["rules"] = json!({rule: {"for_seconds": 0}});
    let registered = organization.register_as(&registration).await;
    registered.wait_until_resolved(rule, "clock").await;
    admin.batch_execute(&clock_ahead(40)).await.unwrap();
    let issue = registered.wait_for_issue(rule, "clock").await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.ends_with(" s ahead of Basira's"), "{detail}");
    // an answer that took its time is younger than it looks
    assert!(issue["value"].as_f64().is_some_and(|seconds| (20.0..=40.0).contains(&seconds)), "{issue}");
    admin.batch_execute(&clock_ahead(0)).await.unwrap();
    registered.wait_until_resolved(rule, "clock").await;
}
