//! What runs on a ClickHouse server, live and later.

use std::collections::BTreeSet;
use std::time::Duration;

use basira_test_support::ClickHouseOptions;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::clickhouse::{private, shared};
use crate::harness::{ClickHouseDatabase, Organization, TestApp, eventually};

#[tokio::test]
async fn running_queries_are_shown_with_their_work() {
    let app = TestApp::start().await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let registered =
        Organization::verified(&app, "processes").await.register_as(&database.registration()).await;
    let connected = registered.status_becomes("connected", Duration::from_secs(15)).await;
    assert!(
        connected["engine_version"].as_str().is_some_and(|version| version.starts_with("26.7")),
        "{connected}"
    );

    let running = database.clone();
    let secret = "SELECT sleepEachRow(0.2), 'hunter2' FROM numbers(40) SETTINGS max_block_size = 1";
    let task = tokio::spawn(async move { running.run(secret).await });
    let line = registered
        .collected(async || {
            let lines = registered.get("/active").await;
            let ours = |line: &&Value| line["database_name"] == database.name.as_str();
            lines.as_array().and_then(|lines| lines.iter().find(ours)).cloned().ok_or(lines)
        })
        .await;
    task.abort();
    assert_eq!(
        line["query_text"],
        "SELECT sleepEachRow($1), $2 FROM numbers($3) SETTINGS max_block_size = $4"
    );
    assert_eq!(
        (&line["state"], &line["user_name"], &line["pid"]),
        (&json!("active"), &json!("basira"), &json!(null))
    );
    assert!(
        line["read_rows"].is_i64() && line["memory_usage"].is_i64() && line["written_bytes"] == 0,
        "{line:#}"
    );
    assert!(line["query_id"].is_string() && line["host_name"].is_string() && line["duration_ms"].is_i64());

    let at = line["ts"].as_str().expect("a time");
    let replayed = eventually(Duration::from_secs(10), async || {
        let lines = registered.get(&format!("/active?at={at}")).await;
        let same = |other: &&Value| other["query_id"] == line["query_id"];
        lines.as_array().and_then(|lines| lines.iter().find(same)).cloned().ok_or(lines)
    })
    .await;
    assert_eq!(replayed, line);
}

#[tokio::test]
async fn a_hundred_queries_at_once_are_those_of_the_server() {
    let app = TestApp::start().await;
    let server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    let registered =
        Organization::verified(&app, "hundred").await.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    let mut running = JoinSet::new();
    for number in 0..100 {
        let database = database.clone();
        let sql = format!(
            "SELECT sleepEachRow(1), {number} FROM numbers(60) SETTINGS max_block_size = 1, max_threads = 1"
        );
        running.spawn(async move { database.ask_in(&database.name, &sql).await });
    }
    let ids = |lines: Vec<Value>| -> BTreeSet<String> {
        lines.iter().filter_map(|line| line["query_id"].as_str().map(str::to_owned)).collect()
    };
    registered
        .collected(async || {
            let shown = registered.get("/active?limit=200").await.as_array().cloned().unwrap_or_default();
            let sleeping = "SELECT query_id FROM system.processes WHERE query LIKE 'SELECT sleepEachRow%'";
            let (shown, wanted) = (ids(shown), ids(database.rows(sleeping).await));
            if shown == wanted && wanted.len() == 100 { Ok(()) } else { Err((shown.len(), wanted.len())) }
        })
        .await;
    running.abort_all();
}
