//! `/server-metrics` shows what the server's own tables say, and says what it cannot know.

use basira_actors::model::Timestamp;
use serde_json::{Value, json};

use crate::harness::clickhouse::shared;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

const FAILURES: usize = 30;

#[tokio::test]
async fn server_metrics_are_those_of_the_server() {
    let app = TestApp::start().await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let since = Timestamp::now();
    let registered =
        Organization::verified(&app, "metrics").await.register_as(&database.registration()).await;
    let shown = registered
        .collected(async || {
            let shown = registered.get("/server-metrics").await;
            if shown["queries"]["per_second"].is_number() { Ok(shown) } else { Err(shown) }
        })
        .await;
    let server = &database
        .rows("SELECT version() AS version, hostName() AS host_name, toInt64(uptime()) AS uptime")
        .await[0];
    assert_eq!(
        (&shown["version"], &shown["host_name"]),
        (&server["version"], &server["host_name"]),
        "{shown:#}"
    );
    let older = number(&server["uptime"]) - number(&shown["uptime_seconds"]);
    assert!((0..60).contains(&older), "{older} s ago");

    let disks = database
        .rows("SELECT name, path, toInt64(total_space) AS total_bytes FROM system.disks ORDER BY name")
        .await;
    let of = |disk: &Value| {
        let total_bytes = number(&disk["total_bytes"]);
        json!({"name": disk["name"], "path": disk["path"], "total_bytes": total_bytes})
    };
    let shown_disks: Vec<Value> = shown["disks"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(shown_disks, disks.iter().map(of).collect::<Vec<_>>());
    let used = shown["disks"][0]["used_pct"].as_f64().unwrap();
    assert!((0.0..=100.0).contains(&used), "{used}");

    let limit = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'";
    assert_eq!(
        shown["memory"]["limit_bytes"].to_string(),
        database.rows(limit).await[0]["value"].as_str().unwrap()
    );
    assert!(shown["memory"]["tracked_bytes"].as_i64().unwrap() > 1 << 20, "{shown:#}");
    assert!(shown["connections"]["http"].as_i64().unwrap() >= 1, "our own: {shown:#}");
    for protocol in ["tcp", "mysql", "postgres", "interserver"] {
        assert!(shown["connections"][protocol].is_i64(), "{protocol}: {shown:#}");
    }
    let merges = "SELECT toInt64(value) AS size FROM system.metrics WHERE metric = 'BackgroundMergesAndMutationsPoolSize'";
    let size = number(&database.rows(merges).await[0]["size"]);
    let pools = shown["background_pools"].as_array().unwrap();
    let pool = pools.iter().find(|pool| pool["name"] == "merges_and_mutations").expect("a pool");
    assert!(pool["size"] == size && pool["active"].is_i64(), "{pool}");
    let own: Vec<&Value> = shown["hosts"].as_array().unwrap().iter().collect();
    assert_eq!((own.len(), &own[0]["queries"]), (1, &shown["queries"]));

    // this kind of server has no asynchronous metrics
    let absent = database
        .rows("SELECT 1 FROM system.tables WHERE database = 'system' AND name = 'asynchronous_metrics'")
        .await;
    assert!(absent.is_empty());
    assert!(shown["memory"]["resident_bytes"].is_null());
    let reason = shown["unavailable"].as_str().unwrap();
    assert!(
        reason.contains("resident memory is not known") && reason.contains("asynchronous_metrics"),
        "{reason}"
    );
    let line = registered.collector("ch_server_metrics").await;
    assert!(
        line["state"] == "ok" && line["reason"].as_str().unwrap().contains("asynchronous_metrics"),
        "{line}"
    );

    for _ in 0..FAILURES {
        database.ask_in(&database.name, "SELECT nothing_of_this_name").await.expect_err("no such column");
    }
    registered
        .collected(async || {
            let series =
                registered.get(&format!("/server-metrics/timeseries?since={since}&bucket=3600")).await;
            let elapsed = Timestamp::now().since(since).as_secs_f64() + 1.0;
            let of = |name: &str| {
                let rates =
                    series.as_array().unwrap().iter().filter_map(|line| line["queries"][name].as_f64());
                rates.sum::<f64>() * elapsed
            };
            let failed = of("failed_per_second");
            if failed >= 30.0 && of("per_second") > failed { Ok(()) } else { Err(series) }
        })
        .await;
    let series = registered.get("/server-metrics/timeseries?bucket=3600").await;
    assert_eq!(series[0]["disks"][0]["total_bytes"], shown["disks"][0]["total_bytes"], "{series:#}");
    assert!(series[0]["memory"]["tracked_bytes"].is_i64() && series[0]["connections"]["http"].is_i64());
}

/// 64-bit integers may come as texts.
fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}
