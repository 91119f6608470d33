//! `/log-tables` flags what grows without end, and the SQL that it prints helps.

use basira_test_support::ClickHouseOptions;
use serde_json::Value;

use crate::harness::clickhouse::private;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

fn find(lines: &Value, name: &str) -> Option<Value> {
    lines.as_array().unwrap().iter().find(|line| line["name"] == name).cloned()
}

#[tokio::test]
async fn a_log_table_without_ttl_is_flagged_until_the_printed_sql_is_run() {
    let app = TestApp::start().await;
    let server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    database.run("SYSTEM FLUSH LOGS").await;
    database.run("CREATE TABLE system.query_log_0 AS system.query_log").await;
    database.run("INSERT INTO system.query_log_0 SELECT * FROM system.query_log").await;
    let registered = Organization::verified(&app, "logs").await.register_as(&database.registration()).await;
    let sees = async |name: &str, wanted: fn(&Value) -> bool| {
        registered
            .collected(async || {
                let lines = registered.get("/log-tables").await;
                find(&lines, name).filter(wanted).ok_or(lines)
            })
            .await
    };
    let endless = sees("query_log", |line| line["has_ttl"] == false && line["rows"].as_i64() > Some(0)).await;
    assert!(endless["remark"].as_str().unwrap().contains("no TTL"), "{endless:#}");
    assert!(
        endless["ttl"].is_null() && endless["left_over_of"].is_null() && endless["parts"].as_i64() > Some(0)
    );
    assert!(endless["growth_bytes_per_day"].is_null(), "not watched for an hour: {endless:#}");
    let day = "SELECT toString(max(event_date)) AS day FROM system.query_log";
    assert_eq!(endless["newest_day"], database.rows(day).await[0]["day"]);

    let fix = endless["fix"].as_str().unwrap();
    assert_eq!(fix, "ALTER TABLE system.query_log MODIFY TTL event_date + INTERVAL 30 DAY");
    database.run(fix).await;
    let limited = sees("query_log", |line| line["has_ttl"] == true).await;
    assert_eq!(limited["ttl"], "event_date + toIntervalDay(30)");
    assert!(limited["remark"].is_null() && limited["fix"].is_null(), "{limited:#}");

    // nothing is written to this one any more: it can be compared
    let left_over = sees("query_log_0", |line| line["rows"].as_i64() > Some(0)).await;
    let sizes = "SELECT toInt64(sum(rows)) AS row_count, toInt64(sum(bytes_on_disk)) AS bytes, toInt64(count()) AS parts \
                 FROM system.parts WHERE active AND database = 'system' AND table = 'query_log_0'";
    let sizes = &database.rows(sizes).await[0];
    for (shown, counted) in [("rows", "row_count"), ("bytes_on_disk", "bytes"), ("parts", "parts")] {
        assert_eq!(left_over[shown], sizes[counted], "{shown}");
    }
    assert_eq!(left_over["left_over_of"], "query_log");
    database.run(left_over["fix"].as_str().unwrap()).await;
    registered
        .collected(async || {
            let lines = registered.get("/log-tables").await;
            find(&lines, "query_log_0").map_or(Ok(()), Err)
        })
        .await;
}
