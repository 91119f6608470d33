//! `/merges`: what is being merged, and how far it has come.

use std::time::Duration;

use serde_json::json;

use crate::harness::clickhouse::shared;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

#[tokio::test]
async fn a_merge_in_flight_shows_its_progress() {
    let database = ClickHouseDatabase::create(shared().await).await;
    database.run("CREATE TABLE orders (n UInt64, s String) ENGINE = MergeTree ORDER BY n").await;
    database.run("SYSTEM STOP MERGES orders").await;
    for _ in 0..3 {
        database.run("INSERT INTO orders SELECT number, randomString(100) FROM numbers(100000)").await;
    }
    // so that merging takes its time
    database.run("ALTER TABLE orders MODIFY COLUMN s String CODEC(ZSTD(22))").await;
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "merges").await.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    database.run("SYSTEM START MERGES orders").await;
    let running = database.clone();
    let merge =
        tokio::spawn(async move { running.ask_in(&running.name, "OPTIMIZE TABLE orders FINAL").await });

    let line = registered
        .collected(async || {
            let lines = registered.get("/merges").await;
            let line = lines.as_array().unwrap().iter().find(|line| line["table"] == "orders").cloned();
            line.filter(|line| line["progress_pct"].as_f64() > Some(1.0)).ok_or(lines)
        })
        .await;
    let overview = registered.get("/overview").await;
    let own = database
        .rows("SELECT database, table, num_parts, total_size_bytes_compressed, merge_type, result_part_name, \
               hostName() AS host_name, progress * 100 AS progress_pct, rows_read, elapsed * 1000 AS elapsed_ms \
               FROM system.merges WHERE database = currentDatabase() AND table = 'orders'")
        .await
        .pop()
        .expect("it still runs");
    for field in [
        "database",
        "num_parts",
        "total_size_bytes_compressed",
        "merge_type",
        "result_part_name",
        "host_name",
    ] {
        assert_eq!(line[field], own[field], "{field} of {line:#}");
    }
    assert_eq!((&line["num_parts"], &line["is_mutation"]), (&json!(3), &json!(false)));
    for field in ["progress_pct", "rows_read", "elapsed_ms"] {
        let (shown, later) = (line[field].as_f64().unwrap(), own[field].as_f64().unwrap());
        assert!(shown > 0.0 && shown <= later, "{field}: {shown} and later {later}");
    }
    assert!(line["memory_usage"].is_i64() && line["rows_written"].is_i64(), "{line:#}");
    assert!(line["bytes_read_uncompressed"].as_i64() > Some(0), "{line:#}");
    assert!(overview["active_merges"].as_i64() >= Some(1), "{overview:#}");
    assert!(
        overview["merge_progress_pct"].as_f64().is_some_and(|pct| pct > 0.0 && pct < 100.0),
        "{overview:#}"
    );
    database.run("SYSTEM STOP MERGES orders").await;
    merge.await.unwrap().expect_err("the merge was stopped");
}
