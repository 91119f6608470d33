//! A server of a version that nobody knows yet: a column renamed costs that field, not the collector; one more costs nothing.

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, TestApp, TestDatabase};

/// A view, a column of it that is renamed, and the collector that reads it.
const RENAMED: [(&str, &str, &str); 4] = [
    ("pg_stat_wal", "wal_fpi", "pg_stat_wal"),
    ("pg_stat_bgwriter", "maxwritten_clean", "pg_stat_bgwriter"),
    ("pg_stat_database", "deadlocks", "pg_stat_database"),
    ("pg_settings", "pending_restart", "pg_settings"),
];

#[tokio::test]
async fn a_missing_column_makes_only_its_field_null() {
    let server = private(NEWEST, "allow_system_table_mods = on").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    for (view, column, _) in RENAMED {
        let rename = format!("alter view pg_catalog.{view} rename column {column} to {column}_of_the_future");
        admin.batch_execute(&rename).await.unwrap();
    }
    let more = "select pg_get_viewdef('pg_catalog.pg_stat_archiver'::regclass)";
    let archiver: String = admin.query_one(more, &[]).await.unwrap().get(0);
    let more = format!(
        "create or replace view pg_catalog.pg_stat_archiver as select seen.*, 1 as one_more from ({}) as seen",
        archiver.trim_end_matches(';')
    );
    admin.batch_execute(&more).await.unwrap();

    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "drift").await;
    let registered = organization.register(&database).await;
    registered.connected().await;
    for (_, column, collector) in RENAMED {
        let line = registered.collector_becomes(collector, "ok").await;
        let reason = line["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(column), "{collector} does not say that {column} is gone: {line:#}");
    }
    registered.collector_becomes("pg_stat_archiver", "ok").await;
    let wal = registered.get("/wal-stats").await;
    assert_eq!(wal["wal_fpi"], serde_json::Value::Null);
    assert!(wal["wal_records"].as_i64().is_some_and(|records| records > 0), "{wal:#}");
}
