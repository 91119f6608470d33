//! What queries of ClickHouse cost, held against its own log.

use std::time::Duration;

use basira_test_support::ClickHouseOptions;
use serde_json::Value;

use crate::harness::clickhouse::{private, shared};
use crate::harness::{ClickHouseDatabase, Organization, Registered, TestApp, eventually};

/// The log is written after half a second, and counted when nothing more can come.
const COUNTED_WITHIN: Duration = Duration::from_secs(45);

/// Everything that ended in `database` and was sent by a client, by the server's own hash of the statement.
fn logged(database: &ClickHouseDatabase) -> String {
    format!(
        "SELECT toString(normalized_query_hash) AS queryid, count() AS total_calls,
             sum(query_duration_ms)::Float64 AS total_time_ms, sum(result_rows) AS result_rows, sum(read_rows) AS read_rows,
             sum(read_bytes) AS read_bytes, sum(written_rows) AS written_rows, countIf(type > 2) AS exceptions,
             intDiv(sum(memory_usage), count()) AS memory_usage, any(query_kind) AS kind,
             arraySort(groupArray(query_duration_ms)) AS durations
         FROM system.query_log WHERE current_database = '{}' AND type > 1 AND is_initial_query
             AND query NOT ILIKE '%query_log%' AND query_kind != 'System' AND query_id NOT LIKE 'basira-%' GROUP BY queryid ORDER BY queryid",
        database.name
    )
}

/// Waits until `/queries` says what the log says, but for reading the log itself.
async fn agrees(registered: &Registered, database: &ClickHouseDatabase) -> Vec<Value> {
    eventually(COUNTED_WITHIN, async || {
        database.run("SYSTEM FLUSH LOGS").await;
        let wanted = database.rows(&logged(database)).await;
        let lines = registered.get(&format!("/queries?limit=100&database={}", database.name)).await;
        let mut lines = lines.as_array().expect("a list").clone();
        lines.retain(|line| !line["query_text"].as_str().unwrap_or("").contains("query_log"));
        for line in &wanted {
            let same = |shown: &&Value| {
                [
                    "total_calls",
                    "total_time_ms",
                    "result_rows",
                    "read_rows",
                    "read_bytes",
                    "exceptions",
                    "memory_usage",
                ]
                .iter()
                .all(|field| shown[*field].as_f64() == line[*field].as_f64())
                    && shown["kind"] == line["kind"]
            };
            let Some(shown) = lines.iter().find(same) else { return Err(format!("{line:#}\nof {lines:#?}")) };
            for (field, share) in [("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)] {
                close_to(&shown[field], &line["durations"], share)?;
            }
        }
        Ok(lines)
    })
    .await
}

/// Whether a percentile is within 1 % of the one that the durations themselves have.
fn close_to(shown: &Value, durations: &Value, share: f64) -> Result<(), String> {
    let durations: Vec<f64> =
        durations.as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "few"
    )]
    let exact = durations[((durations.len() as f64 * share).ceil() as usize).max(1) - 1];
    let shown = shown.as_f64().ok_or("no percentile")?;
    if (shown - exact).abs() <= exact * 0.011 {
        Ok(())
    } else {
        Err(format!("{shown} for {exact} of {durations:?}"))
    }
}

async fn workload(database: &ClickHouseDatabase, rounds: u32) {
    for round in 0..rounds {
        database.run(&format!("INSERT INTO events SELECT number, {round} FROM numbers(1000)")).await;
        database.run(&format!("SELECT count() FROM events WHERE value = {round}")).await;
        database.run(&format!("select sum(id)  from events where value = '{round}'")).await;
        let failing = format!("SELECT throwIf(id = 5, 'hunter{round}') FROM events");
        database.ask_in(&database.name, &failing).await.expect_err("it fails");
        database.ask_in(&database.name, "SELECT missing FROM events").await.expect_err("it fails");
    }
    database.run("SELECT sleep(0.12)").await;
}

#[tokio::test]
async fn calls_rows_bytes_and_percentiles_are_those_of_the_log() {
    let database = ClickHouseDatabase::create(shared().await).await;
    database.run("CREATE TABLE events (id UInt64, value UInt32) ENGINE = MergeTree ORDER BY id").await;
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "queries").await;
    let registered = organization.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    workload(&database, 5).await;
    let lines = agrees(&registered, &database).await;

    let failing = lines
        .iter()
        .find(|line| line["query_text"].as_str().unwrap_or("").contains("throwIf"))
        .expect("a line");
    assert_eq!(failing["query_text"], "SELECT throwIf(id = $1, $2) FROM events");
    assert_eq!((&failing["total_calls"], &failing["exceptions"]), (&5.into(), &5.into()));
    assert!(failing["shared_blks_hit"].is_null() && failing["cache_hit_ratio"].is_null());
    let hash = failing["query_hash"].as_str().expect("a hash");
    let detail = registered.get(&format!("/queries/{hash}")).await;
    assert_eq!(detail["exceptions_by_code"], serde_json::json!([{"code": 395, "count": 5}]));
    assert_eq!((&detail["user_name"], &detail["kind"]), (&"basira".into(), &"Select".into()), "{detail:#}");
    let of = |name: &str| {
        detail["timeseries"]
            .as_array()
            .expect("points")
            .iter()
            .filter_map(|point| point[name].as_i64())
            .sum::<i64>()
    };
    assert_eq!((of("calls"), of("exceptions")), (5, 5));
    assert!(
        detail["timeseries"][0]["p99_ms"].is_number() && detail["timeseries"][0]["memory_usage"].is_i64(),
        "{detail:#}"
    );
    let overview = registered.get("/overview").await;
    assert!(
        overview["query_p99_ms"].is_number() && overview["top_queries"][0]["p99_ms"].is_number(),
        "{overview:#}"
    );

    // the server goes on while nobody watches
    app.kill().await;
    workload(&database, 3).await;
    app.start_again().await;
    let registered = Registered { client: organization.moved_to(&app), ..registered };
    agrees(&registered, &database).await;
    workload(&database, 2).await;
    agrees(&registered, &database).await;
    assert_eq!(registered.get(&format!("/queries/{hash}")).await["total_calls"], 10);
}

#[tokio::test]
async fn late_log_rows_are_counted_once() {
    let server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "late").await.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    database.run("SELECT 'early'").await;
    agrees(&registered, &database).await;
    let late = "INSERT INTO system.query_log SELECT * REPLACE (query_id || '-late' AS query_id, query_duration_ms + 7 AS query_duration_ms) \
        FROM system.query_log WHERE query = 'SELECT ''early''' AND type = 2";
    for wanted in [2, 4] {
        database.run(late).await;
        let lines = agrees(&registered, &database).await;
        let line = lines.iter().find(|line| line["query_text"] == "SELECT $1").expect("a line");
        assert_eq!(line["total_calls"], wanted);
    }
}
