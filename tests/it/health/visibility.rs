//! What cannot be seen is never healthy.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::scene::HealthScene;
use crate::harness::eventually;
use crate::harness::postgres::{NEWEST, private, shared};

const SEEN_WITHIN: Duration = Duration::from_secs(25);

#[tokio::test]
async fn a_server_that_refuses_every_query_is_not_connected() {
    let server = private(NEWEST, "").await;
    let scene = HealthScene::on(&server, &json!({})).await;
    scene.admin.batch_execute("revoke usage on schema pg_catalog from public").await.unwrap();
    let shown = scene.registered.status_becomes("disconnected", SEEN_WITHIN).await;
    let error = shown["last_error"].as_str().unwrap_or_default();
    assert!(error.contains("permission denied for schema pg_catalog"), "{shown}");
    assert!(
        error.contains("GRANT USAGE ON SCHEMA pg_catalog TO"),
        "the fix is what the refusal names: {shown}"
    );
    let doctor = scene.registered.get("/doctor").await;
    assert_eq!((&doctor["score"], &doctor["status"]), (&Value::Null, &json!("unhealthy")), "{doctor}");
    let fix = format!("grant usage on schema pg_catalog to {}", scene.database.name);
    scene.admin.batch_execute(&fix).await.unwrap();
    scene.registered.status_becomes("connected", SEEN_WITHIN).await;
}

async fn not_evaluated(scene: &HealthScene, rule: &str) -> Result<String, Value> {
    let doctor = scene.registered.get("/doctor").await;
    let lines = doctor["not_evaluated"].as_array().cloned().unwrap_or_default();
    let line = lines.iter().find(|line| line["rule_id"] == rule);
    line.and_then(|line| line["reason"].as_str().map(str::to_owned)).ok_or(doctor)
}

#[tokio::test]
async fn a_rule_that_found_nothing_is_not_evaluated_where_sessions_are_hidden() {
    let rules = json!({"transactions.idle": {"threshold": 2}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    let name = &scene.database.name;
    scene.admin.batch_execute(&format!("revoke pg_monitor from {name}")).await.unwrap();
    let idle = scene.database.client().await;
    let other = format!("create role {name}_other; grant connect on database {name} to {name}_other");
    idle.batch_execute(&other).await.unwrap();
    idle.batch_execute(&format!("set role {name}_other; begin; select 1")).await.unwrap();
    scene
        .registered
        .collected(async || match not_evaluated(&scene, "transactions.idle").await {
            Ok(reason) if reason.contains("are hidden from role") => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    scene.admin.batch_execute(&format!("grant pg_monitor to {name}")).await.unwrap();
    let pid: i32 = idle.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    scene.registered.wait_for_issue("transactions.idle", &format!("pid {pid}")).await;
}

async fn active_line(scene: &HealthScene, client: &Client) -> Option<Value> {
    let pid: i32 = client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let lines = scene.registered.get("/active?limit=200").await;
    lines.as_array().unwrap().iter().find(|line| line["pid"] == pid).cloned()
}

#[tokio::test]
async fn idle_and_untracked_sessions_are_no_work() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({})).await;
    let untracked = scene.database.client().await;
    untracked.batch_execute("set track_activities = off").await.unwrap();
    scene
        .registered
        .collected(async || {
            let line = scene.registered.collector("pg_stat_activity").await;
            let reason = line["reason"].as_str().unwrap_or_default();
            if reason.contains("track_activities is off") { Ok(()) } else { Err(line) }
        })
        .await;
    assert_eq!(active_line(&scene, &untracked).await, None);

    let idle = scene.database.client().await;
    let pid: i32 = idle.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    idle.batch_execute("begin; select pg_sleep(6)").await.unwrap();
    let line = eventually(SEEN_WITHIN, async || {
        let lines = scene.registered.get("/active?limit=200").await;
        let is_idle = |line: &&Value| line["pid"] == pid && line["state"] == "idle in transaction";
        lines.as_array().unwrap().iter().find(is_idle).cloned().ok_or(lines)
    })
    .await;
    let ms = |name: &str| line[name].as_i64().unwrap();
    assert!(ms("transaction_ms") > 6_000 && ms("transaction_ms") - ms("duration_ms") > 5_500, "{line}");
}
