//! Rules about the queries of ClickHouse and the memory that they take.

use std::time::Duration;

use serde_json::{Value, json};

use tokio::time::timeout;

use super::scene::ClickHouseHealthScene;
use crate::harness::clickhouse::private;

#[tokio::test]
async fn failures_for_lack_of_memory_are_reported_and_those_of_wrong_sql_are_not() {
    let rule = "queries.failed";
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {"window_seconds": 40}})).await;
    for n in 0..30 {
        let greedy = format!(
            "SELECT uniqExact(number + {n}) FROM numbers(1000000) SETTINGS max_memory_usage = 1000000"
        );
        scene.database.ask_in(&scene.database.name, &greedy).await.expect_err("too little memory");
        scene
            .database
            .ask_in(&scene.database.name, &format!("SELECT missing_{n}"))
            .await
            .expect_err("no column");
        let malformed = "SELECT * FROM format(CSV, 'n UInt8', 'not a number')";
        scene.database.ask_in(&scene.database.name, malformed).await.expect_err("no number");
    }
    scene.database.run("SYSTEM FLUSH LOGS").await;
    let issue = scene.registered.wait_for_issue(rule, "MEMORY_LIMIT_EXCEEDED").await;
    assert_eq!(issue["evidence"], json!(["MEMORY_LIMIT_EXCEEDED"]), "{issue:#}");
    assert!(issue["detail"].as_str().unwrap().starts_with("30 of "), "{issue:#}");
    assert!(issue["value"].as_f64().is_some_and(|pct| pct > 10.0 && pct <= 40.0), "{issue:#}");
    for n in 0..30 {
        scene.database.run(&format!("SELECT uniqExact(number + {n}) FROM numbers(1000000)")).await;
    }
    scene.registered.wait_until_resolved(rule, "MEMORY_LIMIT_EXCEEDED").await;
}

/// Longer than the window and how long ago that is with which it is compared.
const FAST_FOR: Duration = Duration::from_secs(55);

#[tokio::test]
async fn slower_queries_are_reported() {
    let rule = "queries.p99_regression";
    let server = private(Default::default()).await;
    let setting = json!({rule: {"window_seconds": 20, "baseline_seconds": 30}});
    let scene = ClickHouseHealthScene::on(&server, &setting).await;
    let calls = async |seconds: &str, times: usize| {
        for _ in 0..times {
            scene.database.run(&format!("SELECT sleep({seconds})")).await;
        }
    };
    let seen = async |wanted: fn(&Value) -> bool| {
        scene
            .registered
            .collected(async || {
                let lines = scene.registered.get("/queries?limit=100").await;
                let is_ours = |line: &&Value| line["query_text"] == "SELECT sleep($1)" && wanted(line);
                let ours =
                    lines.as_array().unwrap().iter().find(is_ours).map(|line| line["query_hash"].clone());
                ours.ok_or(lines)
            })
            .await
    };
    // for so long that there is something to compare with
    let _ = timeout(FAST_FOR, async {
        loop {
            calls("0.001", 10).await;
        }
    })
    .await;
    let hash = seen(|line| line["total_calls"].as_i64() >= Some(100)).await;
    let hash = hash.as_str().unwrap();
    let slow = async {
        loop {
            // beside each other: each takes its time
            futures_util::future::join_all((0..20).map(|_| calls("0.3", 1))).await;
        }
    };
    let found = scene.registered.wait_for_issue(rule, hash);
    let issue = tokio::select! { issue = found => issue, () = slow => unreachable!() };
    assert!(issue["detail"].as_str().unwrap().contains(": SELECT sleep($1)"), "{issue:#}");
    assert!(issue["value"].as_f64() >= Some(3.0) && issue["unit"] == "ratio", "{issue:#}");
    // then that is what it usually takes
    scene.registered.wait_until_resolved(rule, hash).await;
}

#[tokio::test]
async fn memory_near_its_limit_is_reported_until_the_largest_query_is_killed() {
    let rule = "memory.near_limit";
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {"threshold": 11}})).await;
    let host = scene.database.rows("SELECT hostName() AS host").await[0]["host"].as_str().unwrap().to_owned();
    scene.registered.wait_until_resolved(rule, &host).await;
    let running = scene.database.clone();
    let greedy = tokio::spawn(async move {
        let sql = "SELECT sum(sleepEachRow(1)) FROM numbers(100) AS l \
                   INNER JOIN (SELECT number, randomString(1000) AS s FROM numbers(800000)) AS r USING (number) \
                   WHERE NOT ignore(s) SETTINGS max_block_size = 1000, query_plan_join_swap_table = 'false', \
                   max_bytes_before_external_join = 0, max_bytes_ratio_before_external_join = 0, \
                   function_sleep_max_microseconds_per_block = 100000000";
        running.ask_in("default", sql).await
    });
    let issue = scene.registered.wait_for_issue(rule, &host).await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("{host} uses ")) && detail.contains(" of 5.6 GB ("), "{detail}");
    let fix = issue["how_to_fix"].as_str().unwrap().trim_end_matches(';');
    scene.database.run(fix).await;
    scene.registered.wait_until_resolved(rule, &host).await;
    greedy.await.unwrap().expect_err("it was killed");
}
