//! `basira check`: set-up doctor and health check in one.

use std::process::Output;

use basira_test_support::ClickHouseOptions;
use serde_json::Value;
use tokio::process::Command;

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{TestDatabase, clickhouse};

async fn check(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
    command.arg("check").args(arguments).env("BASIRA__DATA_DIR", folder.path()).current_dir(folder.path());
    command.output().await.unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_healthy_server_passes_and_is_reported() {
    let server = private(NEWEST, "fsync = on").await;
    let database = TestDatabase::create(&server).await;
    let output = check(&[database.superuser_dsn()]).await;
    let page = text(&output);
    assert_eq!(output.status.code(), Some(0), "{page}");
    assert!(page.starts_with(&format!("connected to PostgreSQL {NEWEST}.")), "{page}");
    // says what would make the rest work, and is readable without a terminal
    let after = page.split("  skipped  auto_explain\n").nth(1).unwrap();
    assert!(after.contains("      fix:  "), "{page}");
    assert!(page.contains("\nHealth  healthy, ") && !page.contains('\u{1b}'), "{page}");
    assert!(page.lines().all(|line| line == line.trim_end()), "{page}");

    let output = check(&["--json", database.superuser_dsn()]).await;
    let report: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!((&report["connected"], &report["doctor"]["status"]), (&Value::Bool(true), &"healthy".into()));
    assert!(report["collectors"].as_array().unwrap().len() > 20);
    let unevaluated = report["doctor"]["not_evaluated"].as_array().unwrap();
    assert!(unevaluated.iter().any(|line| line["rule_id"] == "locks.deadlocks"), "{report}");
}

#[tokio::test]
async fn a_degraded_and_an_unreachable_server_have_their_own_exit_codes() {
    let server = private(NEWEST, "max_connections = 10\nfsync = on").await;
    let mut crowd = Vec::new();
    // with the one that checks they take all that ordinary roles may
    for _ in 0..6 {
        crowd.push(server.client().await.unwrap());
    }
    let dsn = server.dsn();
    let output = check(&[&dsn]).await;
    let page = text(&output);
    assert_eq!(output.status.code(), Some(1), "{page}");
    assert!(
        page.contains("critical  -50  Connections are nearly exhausted  connections.saturation"),
        "{page}"
    );
    drop(server);
    let output = check(&[&dsn]).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).starts_with("no connection: "), "{}", text(&output));
}

#[tokio::test]
async fn a_healthy_clickhouse_passes() {
    let server = clickhouse::private(ClickHouseOptions::default()).await;
    let output = check(&[&format!("{}?secure=false", server.dsn_of("default"))]).await;
    let page = text(&output);
    assert_eq!(output.status.code(), Some(0), "{page}");
    assert!(page.starts_with("connected to ClickHouse "), "{page}");
}
