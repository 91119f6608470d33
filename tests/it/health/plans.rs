//! The rule about plans that changed.

use serde_json::{Value, json};

use super::scene::{Busy, HealthScene};
use crate::harness::postgres::{NEWEST, private};

/// Every plan goes to the log, from which it is read: asking for plans takes many polls until a statement's turn comes.
const LOG_PLANS: &str = "logging_collector = on\nlog_destination = jsonlog\n\
    shared_preload_libraries = 'pg_stat_statements, auto_explain'\n\
    auto_explain.log_min_duration = 0\nauto_explain.log_format = json";

#[tokio::test]
async fn a_changed_plan_is_reported_for_a_limited_time() {
    let server = private(NEWEST, LOG_PLANS).await;
    let rules = json!({"queries.plan_changed": {"threshold": 1, "window_seconds": 20}});
    let scene = HealthScene::on(&server, &rules).await;
    let role = &scene.database.name;
    scene
        .run(&format!(
            "create table planned as select n, 'x'::text as name from generate_series(1, 20000) n;
        create index planned_n on planned (n);
        analyze planned;
        grant execute on function pg_current_logfile(text), pg_ls_logdir(),
            pg_read_binary_file(text, bigint, bigint, boolean) to {role}"
        ))
        .await;
    let _busy = Busy::with(scene.database.client().await, "select name from planned where n = 777");
    let hash = scene
        .registered
        .collected(async || {
            let lines = scene.registered.get("/queries?limit=100").await;
            let is_it = |line: &&Value| line["query_text"].to_string().contains("from planned where");
            let line = lines.as_array().unwrap().iter().find(is_it).ok_or("not counted yet")?;
            let hash = line["query_hash"].as_str().unwrap().to_owned();
            let plans = scene.registered.get(&format!("/queries/{hash}/explain")).await;
            let logged = |plan: &Value| plan["source"] == "auto_explain";
            if plans.as_array().unwrap().iter().any(logged) { Ok(hash) } else { Err("no plan yet") }
        })
        .await;
    scene.registered.wait_until_resolved("queries.plan_changed", &hash).await;
    scene.run("drop index planned_n").await;
    let issue = scene.registered.wait_for_issue("queries.plan_changed", &hash).await;
    assert_eq!((issue["severity"].as_str(), issue["objects"].as_i64()), (Some("info"), Some(1)), "{issue}");
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains(&hash) && detail.contains("within 20 s, last from"), "{issue}");
    scene.registered.wait_until_resolved("queries.plan_changed", &hash).await;
}
