//! The rule about plans that changed.

use serde_json::json;

use super::scene::Ward;
use crate::harness::postgres::{NEWEST, shared};

#[tokio::test]
async fn a_changed_plan_is_told_for_a_while() {
    let rules = json!({"queries.plan_changed": {"threshold": 1, "window_seconds": 8}});
    let ward = Ward::on(shared(NEWEST).await, &rules).await;
    ward.run(&format!(
        "create table planned as select n, 'x'::text as name from generate_series(1, 20000) n;
        create index planned_n on planned (n);
        analyze planned;
        grant pg_read_all_data to {};
        select name from planned where n = 777",
        ward.database.name
    ))
    .await;
    let hash = ward
        .registered
        .collected(async || {
            let lines = ward.registered.get("/queries?limit=100").await;
            let lines = lines.as_array().unwrap().clone();
            let is_it = |line: &&serde_json::Value| {
                line["query_text"].as_str().is_some_and(|text| text.contains("from planned where"))
            };
            let line = lines.iter().find(is_it).ok_or("not counted yet")?;
            let hash = line["query_hash"].as_str().unwrap().to_owned();
            let plans = ward.registered.get(&format!("/queries/{hash}/explain")).await;
            if plans.as_array().unwrap().is_empty() { Err("no plan yet") } else { Ok(hash) }
        })
        .await;
    ward.registered.recovers("queries.plan_changed", &hash).await;
    ward.run("drop index planned_n").await;
    let issue = ward.registered.falls_ill("queries.plan_changed", &hash).await;
    assert_eq!((issue["severity"].as_str(), issue["objects"].as_i64()), (Some("info"), Some(1)), "{issue}");
    assert!(issue["detail"].as_str().unwrap().contains("changed 1 times within 8.0 s"), "{issue}");
    ward.registered.recovers("queries.plan_changed", &hash).await;
}
