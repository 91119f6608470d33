//! `/errors` counts what `system.errors` counts.

use basira_actors::model::Timestamp;
use basira_test_support::ClickHouseOptions;
use serde_json::Value;

use crate::harness::clickhouse::private;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

const TIMES: usize = 7;
const CODE: i64 = 395;

#[tokio::test]
async fn errors_are_counted_as_the_server_counts_them() {
    let app = TestApp::start().await;
    // of its own: an error of another test would count too
    let server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    let registered = Organization::verified(&app, "errors").await.register_as(&database.registration()).await;
    let thrown = async || -> i64 {
        let rows = database
            .rows(&format!(
                "SELECT toString(value) AS value FROM system.errors WHERE code = {CODE} AND NOT remote"
            ))
            .await;
        rows.first().map_or(0, |row| row["value"].as_str().unwrap().parse().unwrap())
    };
    let throw = async || {
        let sql = "SELECT throwIf(number = 3, 'hunter2') FROM numbers(10)";
        database.ask_in(&database.name, sql).await.expect_err("it throws");
    };
    throw().await;
    registered
        .collected(async || {
            let line = registered.collector("ch_errors").await;
            if line["state"] == "ok" && line["rows"].as_i64() > Some(0) { Ok(()) } else { Err(line) }
        })
        .await;
    let before = thrown().await;
    let since = Timestamp::now();
    for _ in 0..TIMES {
        throw().await;
    }
    let counted = thrown().await - before;
    assert!(counted >= 7 && before >= 1, "{counted} after {before}");
    let of = |errors: &Value| errors.as_array().unwrap().iter().find(|line| line["code"] == CODE).cloned();
    let line = registered
        .collected(async || {
            let errors = registered.get("/errors").await;
            of(&errors).filter(|line| line["count"] == counted).ok_or(errors)
        })
        .await;
    assert_eq!(line["name"], "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
    assert_eq!(line["remote"], false);
    assert!(!line.to_string().contains("hunter2"), "{line}");
    let last: Timestamp = line["last_error_at"].as_str().unwrap().parse().unwrap();
    assert!(Timestamp::now().since(last).as_secs() < 120 && since.since(last).as_secs() < 5, "{last}");

    database.ask_in(&database.name, "SELECT 1 FROM no_table_of_this_name").await.expect_err("no such table");
    registered
        .collected(async || {
            let errors = registered.get("/errors").await;
            if errors.as_array().unwrap().len() > 1 { Ok(()) } else { Err(errors) }
        })
        .await;
    let first = registered.get("/errors?limit=1").await;
    assert_eq!(first.as_array().unwrap().len(), 1);
    assert!(
        registered
            .get("/errors?until=2020-01-01T00:00:00Z&since=2019-01-01T00:00:00Z")
            .await
            .as_array()
            .unwrap()
            .is_empty()
    );
}
