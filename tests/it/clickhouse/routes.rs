//! Every path either works for a ClickHouse database or says that it is for the other engine.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::clickhouse::shared;
use crate::harness::{ClickHouseDatabase, Organization, Registered, TestApp, TestDatabase};

const REFERENCE: &str = include_str!("../../reference.txt");
const DATABASE: &str = "/api/v1/databases/{id}";
/// Those that work, with names in the answer or in each of its lines.
const SHARED: [(&str, &[&str]); 15] = [
    ("", &["id", "engine", "engine_version", "status"]),
    ("/health", &["id", "status"]),
    ("/collectors", &["name", "state", "reason"]),
    ("/events", &["ts", "kind"]),
    ("/active", &["query_text", "duration_ms", "ts"]),
    ("/waits", &["ts", "wait_event_type", "wait_event", "count", "total_duration_ms"]),
    ("/settings", &["name", "setting", "changed", "category"]),
    ("/settings/history", &["ts", "name", "before", "after"]),
    (
        "/replication",
        &[
            "is_replica",
            "replication_lag_bytes",
            "replication_lag_seconds",
            "upstream_host",
            "slots",
            "replicas",
        ],
    ),
    ("/replication/history", &["ts", "lag_bytes", "lag_seconds"]),
    (
        "/server-metrics",
        &[
            "ts",
            "version",
            "uptime_seconds",
            "memory",
            "disks",
            "connections",
            "queries",
            "background_pools",
            "hosts",
            "unavailable",
        ],
    ),
    ("/server-metrics/timeseries", &["ts", "memory", "connections", "queries", "disks"]),
    ("/cluster", &["shard_num", "replica_num", "host_name", "answered"]),
    ("/errors", &["code", "name", "count", "last_error_at", "remote"]),
    ("/log-tables", &["name", "bytes_on_disk", "has_ttl", "remark", "fix"]),
];
/// Of those, what only ClickHouse has.
const OWN: [&str; 5] =
    ["/cluster", "/server-metrics", "/server-metrics/timeseries", "/errors", "/log-tables"];
/// Lists that are never empty once everything was looked at.
const FILLED: [&str; 5] =
    ["/collectors", "/settings", "/replication/history", "/server-metrics/timeseries", "/log-tables"];
/// These have tests of their own.
const ELSEWHERE: [&str; 8] =
    ["/active/ws", "/parts", "/merges", "/mutations", "/tables", "/queries", "/overview", "/doctor"];

/// What comes behind the database in each path that can be read.
fn views() -> Vec<&'static str> {
    let gets = REFERENCE.lines().filter_map(|line| line.strip_prefix("GET "));
    let views = gets.filter_map(|path| path.strip_prefix(DATABASE));
    views.filter(|view| !ELSEWHERE.iter().any(|elsewhere| view.starts_with(elsewhere))).collect()
}

async fn ask(registered: &Registered, view: &str) -> (u16, Value) {
    let view =
        view.replace("{schema}", "public").replace("{name}", "t").replace("{hash}", "0123456789abcdef");
    let request = registered.client.request(Method::GET, &format!("/databases/{}{view}", registered.id));
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn has_shape(view: &str, answer: &Value, names: &[&str]) {
    let lines = answer.as_array().cloned().unwrap_or_else(|| vec![answer.clone()]);
    assert!(!FILLED.contains(&view) || !lines.is_empty(), "{view} is empty");
    for line in lines {
        for name in names {
            assert!(line.get(name).is_some(), "{view} lacks {name}: {line:#}");
        }
    }
}

#[tokio::test]
async fn every_path_works_or_names_the_engine_it_is_for() {
    let app = TestApp::start().await;
    let database = ClickHouseDatabase::create(shared().await).await;
    database.run("SYSTEM FLUSH LOGS").await;
    let organization = Organization::verified(&app, "routes").await;
    let registered = organization.register_as(&database.registration()).await;
    registered
        .collected(async || {
            for view in FILLED {
                if registered.get(view).await.as_array().unwrap().is_empty() {
                    return Err(view);
                }
            }
            Ok(())
        })
        .await;
    let mut seen = 0;
    for view in views() {
        let (status, answer) = ask(&registered, view).await;
        match SHARED.iter().find(|(shared, _)| *shared == view) {
            Some((_, names)) => {
                assert_eq!(status, 200, "{view} answered {answer}");
                has_shape(view, &answer, names);
                seen += 1;
            }
            None => {
                assert_eq!((status, &answer["code"]), (400, &json!("engine_mismatch")), "{view}: {answer}")
            }
        }
    }
    assert_eq!(seen, SHARED.len(), "all of them are in the reference");

    let replication = registered.get("/replication").await;
    let tables = database.rows("SELECT table FROM system.replicas").await;
    assert!(tables.is_empty() && replication["is_replica"] == false, "{replication:#}");
    assert_eq!((&replication["replicas"], &replication["slots"]), (&json!([]), &json!([])));
    assert!(replication["replication_lag_seconds"].is_null() && replication["upstream_host"].is_null());
    let change = json!({"collect_replication": false});
    registered.client.patch(&format!("/databases/{}", registered.id), &change, 200).await;
    registered
        .collected(async || match registered.collector("ch_replicas").await {
            line if line["state"] == "disabled" => Ok(()),
            line => Err(line),
        })
        .await;
}

#[tokio::test]
async fn routes_of_clickhouse_are_refused_for_postgres() {
    let app = TestApp::start().await;
    let database =
        TestDatabase::create(crate::harness::postgres::shared(crate::harness::postgres::NEWEST).await).await;
    let registered = Organization::verified(&app, "routes").await.register(&database).await;
    for view in OWN {
        let (status, answer) = ask(&registered, view).await;
        assert_eq!((status, &answer["code"]), (400, &json!("engine_mismatch")), "{view}: {answer}");
    }
}
