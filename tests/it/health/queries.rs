//! Rules about statements.

use serde_json::json;

use super::scene::{Busy, HealthScene};
use crate::harness::postgres::{NEWEST, private, shared};

#[tokio::test]
async fn spilled_sorts_are_reported_until_work_mem_is_raised() {
    let rules = json!({"queries.temp_spills": {"threshold": 1_000_000, "window_seconds": 10}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    let name = &scene.database.name;
    scene.run(&format!("alter database {name} set work_mem = '64kB'")).await;
    let work = "select count(*) from (select n from generate_series(1, 30000) n order by n desc offset 1) s";
    let busy = Busy::with(scene.database.client().await, work);
    let issue = scene.registered.wait_for_issue("queries.temp_spills", name).await;
    assert_eq!((issue["category"].as_str(), issue["unit"].as_str()), (Some("queries"), Some("bytes")));
    assert!(issue["value"].as_f64().unwrap() >= 1_000_000.0, "{issue}");
    drop(busy);
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    let _busy = Busy::with(scene.database.client().await, work);
    scene.registered.wait_until_resolved("queries.temp_spills", name).await;
}

#[tokio::test]
async fn statistics_are_out_of_date_until_analyze() {
    let scene =
        HealthScene::on(shared(NEWEST).await, &json!({"queries.stale_statistics": {"threshold": 50}})).await;
    scene
        .run(
            "create table \"Stale\" (n int) with (autovacuum_enabled = off);\n\
         insert into \"Stale\" select generate_series(1, 100000);\n\
         select pg_stat_force_next_flush();\n\
         analyze \"Stale\"",
        )
        .await;
    scene.registered.wait_until_resolved("queries.stale_statistics", "public.Stale").await;
    scene.run("update \"Stale\" set n = n + 1 where n <= 70000").await;
    let issue = scene.registered.wait_for_issue("queries.stale_statistics", "public.Stale").await;
    assert_eq!(issue["value"], 70.0, "{issue}");
    assert!(issue["detail"].as_str().unwrap().contains("70,000 rows of Stale changed"), "{issue}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("queries.stale_statistics", "public.Stale").await;
}

#[tokio::test]
async fn failing_transactions_are_reported() {
    let rules = json!({"queries.rollbacks": {"threshold": 5, "window_seconds": 10}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    // a session that reads no table at all tells of its transactions when it ends
    let failing = "select 1 / (relnatts - relnatts) from pg_class";
    let busy = Busy::with(scene.database.client().await, failing);
    let issue = scene.registered.wait_for_issue("queries.rollbacks", &scene.database.name).await;
    // whatever succeeds meanwhile is Basira's own
    assert!(issue["value"].as_f64().unwrap() >= 5.0, "{issue}");
    drop(busy);
    let _mended = Busy::with(scene.database.client().await, "select 1 / 1");
    scene.registered.wait_until_resolved("queries.rollbacks", &scene.database.name).await;
}

#[tokio::test]
async fn a_slower_statement_is_reported() {
    let rules = json!({"queries.regression": {"threshold": 2, "window_seconds": 8, "baseline_seconds": 24}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    let paced = |seconds: f64| {
        format!(
            "create or replace function paced() returns void language sql as 'select pg_sleep({seconds})'"
        )
    };
    scene.run(&paced(0.002)).await;
    let _busy = Busy::with(scene.database.client().await, "select paced() as much_the_same");
    // evaluated: there is something to compare with
    scene.registered.wait_until_resolved("queries.regression", "any").await;
    let lines = scene.registered.get("/queries?limit=100").await;
    let is_it = |line: &&serde_json::Value| line["query_text"].as_str().unwrap().contains("much_the_same");
    let hash = lines.as_array().unwrap().iter().find(is_it).unwrap()["query_hash"].as_str().unwrap();
    scene.run(&paced(0.2)).await;
    let issue = scene.registered.wait_for_issue("queries.regression", hash).await;
    assert!(issue["value"].as_f64().unwrap() >= 2.0, "{issue}");
    assert!(issue["detail"].as_str().unwrap().contains("much_the_same"), "{issue}");
    scene.run(&paced(0.002)).await;
    scene.registered.wait_until_resolved("queries.regression", hash).await;
}

#[tokio::test]
async fn evicted_statements_are_reported() {
    let mut server = private(NEWEST, "pg_stat_statements.max = 100").await;
    let rules = json!({"queries.statements_evicted": {"threshold": 1, "window_seconds": 10}});
    let scene = HealthScene::on(&server, &rules).await;
    // constants of other types are other statements
    let column = |n: i32, bit: i32| if n >> bit & 1 == 0 { "1" } else { "'a'" };
    let statement = |n| format!("select {}", (0..9).map(|bit| column(n, bit)).collect::<Vec<_>>().join(", "));
    let different = (0..400).map(statement).collect::<Vec<_>>().join(";\n");
    let busy = Busy::with(scene.database.client().await, &different);
    let issue = scene.registered.wait_for_issue("queries.statements_evicted", "pg_stat_statements.max").await;
    assert!(issue["detail"].as_str().unwrap().contains("pg_stat_statements.max is 100"), "{issue}");
    drop(busy);
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    server.restart().await.unwrap();
    let _busy = Busy::with(scene.database.client().await, &different);
    scene.registered.wait_until_resolved("queries.statements_evicted", "pg_stat_statements.max").await;
}
