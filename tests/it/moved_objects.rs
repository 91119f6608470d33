//! Objects that are moved, renamed or dropped while they are watched.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

const SEEN_WITHIN: Duration = Duration::from_secs(25);

/// The reason that a list is not what it should be.
async fn reason(registered: &Registered, view: &str) -> String {
    let path = format!("/databases/{}{view}", registered.id);
    let answer = registered.client.request(Method::GET, &path).send().await.unwrap();
    let reason = answer.headers().get("x-unavailable-reason");
    reason.map(|reason| reason.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn an_extension_that_moves_is_found_again_and_one_that_is_dropped_is_named() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "moved").await.register(&database).await;
    registered.connected().await;
    let admin = database.client().await;
    admin
        .batch_execute("create schema stats; grant usage on schema stats to public; alter extension pg_stat_statements set schema stats")
        .await
        .unwrap();
    admin.batch_execute("create schema app; create table app.item (n int)").await.unwrap();
    registered.collector_becomes("pg_stat_statements", "ok").await;
    registered.polls_pass(3).await;

    let has_table = async |schema: &str| {
        eventually(SEEN_WITHIN, async || {
            let lines = registered.get("/tables").await;
            let is_it = |line: &Value| line["schema_name"] == schema && line["table_name"] == "item";
            if lines.as_array().unwrap().iter().any(is_it) { Ok(()) } else { Err(lines) }
        })
        .await;
    };
    has_table("app").await;
    admin.batch_execute("alter schema app rename to sold").await.unwrap();
    has_table("sold").await;

    admin.batch_execute("drop extension pg_stat_statements").await.unwrap();
    registered.collector_becomes("pg_stat_statements", "skipped").await;
    let empty = reason(&registered, "/queries?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z").await;
    assert!(empty.contains("CREATE EXTENSION pg_stat_statements"), "{empty}");
}

#[tokio::test]
async fn a_sender_of_wal_and_workers_of_replication_are_no_load() {
    let publisher = private(NEWEST, "wal_level = logical").await;
    let subscriber = private(NEWEST, "wal_level = logical").await;
    let (from, to) = (TestDatabase::create(&publisher).await, TestDatabase::create(&subscriber).await);
    let publish = "create table item (n int); create publication everything for all tables";
    from.client().await.batch_execute(publish).await.unwrap();
    let admin = to.client().await;
    admin.batch_execute("create table item (n int)").await.unwrap();
    let subscribe =
        format!("create subscription all_of_it connection '{}' publication everything", from.superuser_dsn());
    admin.batch_execute(&subscribe).await.unwrap();
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "idle").await;
    for database in [&from, &to] {
        let registered = organization.register(database).await;
        registered.connected().await;
        eventually(SEEN_WITHIN, async || {
            let line = registered.collector("pg_wait_events").await;
            if line["runs"].as_u64() >= Some(3) { Ok(()) } else { Err(line) }
        })
        .await;
        let waits = registered.get("/waits").await;
        let of_replication = |line: &Value| {
            line["wait_event"].as_str().is_some_and(|name| name.contains("Wal") || name.contains("Logical"))
        };
        assert!(!waits.as_array().unwrap().iter().any(of_replication), "{waits:#}");
    }
    admin.batch_execute("alter subscription all_of_it disable; alter subscription all_of_it set (slot_name = none); drop subscription all_of_it").await.unwrap();
}
