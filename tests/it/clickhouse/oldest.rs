//! The oldest ClickHouse that is still packaged, 18.16: it is watched as far as it shows itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::clickhouse::oldest;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_oldest_version_shows_running_queries_and_names_what_is_unavailable() {
    let server = oldest().await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "oldest").await;
    let database = ClickHouseDatabase::create(&server).await;
    let registered = organization.register_as(&database.registration()).await;
    let connected = registered.status_becomes("connected", CONNECTED_WITHIN).await;
    assert!(connected["engine_version"].as_str().is_some_and(|version| version.starts_with("18.16")));

    let running = database.clone();
    let task = tokio::spawn(async move {
        running.run("SELECT sleepEachRow(0.5), 'hunter2' FROM numbers(60) SETTINGS max_block_size = 1").await;
    });
    let line = registered
        .collected(async || {
            let lines = registered.get("/active").await;
            let ours =
                |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("sleepEachRow"));
            lines.as_array().and_then(|lines| lines.iter().find(ours)).cloned().ok_or(lines)
        })
        .await;
    task.abort();
    assert_eq!((&line["state"], &line["user_name"]), (&json!("active"), &json!("basira")), "{line:#}");
    assert!(
        line["query_id"].is_string() && line["duration_ms"].is_i64() && line["read_rows"].is_i64(),
        "{line:#}"
    );
    assert_eq!(line["database_name"], Value::Null, "it does not say");

    let lines = registered
        .collected(async || {
            let lines = registered.get("/collectors").await;
            let waits = |line: &Value| line["enabled"] == true && line["last_duration_ms"].is_null();
            if lines.as_array().unwrap().iter().any(waits) { Err(lines) } else { Ok(lines) }
        })
        .await;
    // the log comes with the first query that is written to it, and is looked at below
    let looked_at = |line: &&Value| line["enabled"] == true && line["name"] != "ch_query_log";
    for line in lines.as_array().unwrap().iter().filter(looked_at) {
        let says = |word: &str| line["reason"].as_str().is_some_and(|reason| reason.contains(word));
        let needs = line["fix"].as_str().is_some_and(|fix| fix.contains("version"));
        let well = line["state"] == "ok"
            && (line["reason"].is_null() || says("version 18.16") || says("lacks a table"));
        assert!(well || (line["state"] == "skipped" && needs), "{line:#}");
    }
    for number in 1..=3 {
        database.run(&format!("SELECT 4{number} + 1")).await;
    }
    database.ask_in(&database.name, "SELECT throwIf(1 = 1)").await.expect_err("it fails");
    registered
        .collected(async || {
            let lines = registered.get("/queries?limit=100").await;
            let of = |text: &str| {
                lines.as_array().unwrap().iter().find(|line| line["query_text"] == text).cloned()
            };
            let (sum, thrown) = (of("SELECT $1 + $2"), of("SELECT throwIf($1 = $2)"));
            match (sum, thrown) {
                (Some(sum), Some(thrown)) if sum["total_calls"] == 3 && thrown["exceptions"] == 1 => Ok(sum),
                _ => Err(lines),
            }
        })
        .await;
}
