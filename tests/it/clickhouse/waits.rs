//! `/waits` of ClickHouse: what running queries spend their time on.

use std::time::Duration;

use basira_test_support::ClickHouseOptions;
use serde_json::Value;

use crate::harness::clickhouse::private;
use crate::harness::{ClickHouseDatabase, Organization, TestApp, eventually};

fn count(waits: &Value, kind: &str) -> i64 {
    let lines = waits.as_array().unwrap().iter().filter(|line| line["wait_event_type"] == kind);
    lines.map(|line| line["count"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn a_query_that_computes_shows_as_cpu_and_one_that_sleeps_as_other() {
    let app = TestApp::start().await;
    let server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    let mut queries = Vec::new();
    for sql in [
        "SELECT sum(cityHash64(number)) FROM numbers(1000000000000) SETTINGS max_threads = 1",
        "SELECT sleepEachRow(0.5) FROM numbers(600) SETTINGS max_block_size = 1",
    ] {
        let database = database.clone();
        // ended by the end of the server
        queries.push(tokio::spawn(async move { database.ask_in(&database.name, sql).await }));
    }
    eventually(Duration::from_secs(20), async || {
        let running = database.rows("SELECT query_id FROM system.processes WHERE elapsed > 1").await.len();
        if running == 2 { Ok(()) } else { Err(running) }
    })
    .await;
    let registered = Organization::verified(&app, "states").await.register_as(&database.registration()).await;
    let waits = registered
        .collected(async || {
            let waits = registered.get("/waits?bucket=3600").await;
            if count(&waits, "CPU") >= 2 && count(&waits, "Other") >= 2 { Ok(waits) } else { Err(waits) }
        })
        .await;
    for line in waits.as_array().unwrap() {
        let known = ["cpu", "cpu_wait", "disk", "network", "lock", "other"];
        assert!(known.contains(&line["wait_event"].as_str().unwrap()), "{line}");
        assert!(line["total_duration_ms"].as_i64().unwrap() > 0, "{line}");
    }
    assert_eq!(count(&waits, "Running"), 0, "this version tells more");
    queries.iter().for_each(tokio::task::JoinHandle::abort);
}
