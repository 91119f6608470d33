//! Rules about settings.

use serde_json::json;

use super::scene::Ward;
use crate::harness::postgres::{NEWEST, private};

#[tokio::test]
async fn settings_that_lose_data_are_turned_on() {
    let settings = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off";
    let server = private(NEWEST, settings).await;
    let ward = Ward::on(&server, &json!({"settings.durability": {}})).await;
    let issue = ward.registered.falls_ill("settings.durability", "fsync").await;
    assert_eq!(issue["evidence"], json!(["fsync", "full_page_writes", "synchronous_commit"]));
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("critical"), Some(21.0)));
    ward.run(
        "alter system set fsync = on; alter system set full_page_writes = on; select pg_reload_conf()"
            .replace("; ", ";\n")
            .as_str(),
    )
    .await;
    ward.registered.recovers("settings.durability", "fsync").await;
    let issue = ward.registered.falls_ill("settings.durability", "synchronous_commit").await;
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("info"), Some(1.0)));
    ward.run(issue["how_to_fix"].as_str().unwrap()).await;
    ward.registered.recovers("settings.durability", "synchronous_commit").await;
}

#[tokio::test]
async fn a_setting_waits_for_a_restart() {
    let mut server = private(NEWEST, "").await;
    let ward = Ward::on(&server, &json!({"settings.pending_restart": {}})).await;
    let change = "alter system set max_connections = 77;\nselect pg_reload_conf()";
    ward.run(change).await;
    let issue = ward.registered.falls_ill("settings.pending_restart", "max_connections").await;
    assert!(issue["detail"].as_str().unwrap().contains("max_connections is 100 until"), "{issue}");
    ward.run(issue["how_to_fix"].as_str().unwrap()).await;
    ward.registered.recovers("settings.pending_restart", "max_connections").await;
    ward.run(change).await;
    ward.registered.falls_ill("settings.pending_restart", "max_connections").await;
    server.restart().await.unwrap();
    ward.registered.recovers("settings.pending_restart", "max_connections").await;
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_named() {
    let settings = "autovacuum = off\ntrack_counts = off\nshared_buffers = 256MB\nmax_wal_size = 32MB\n\
                    effective_cache_size = 64MB\nwork_mem = 64MB";
    let server = private(NEWEST, settings).await;
    let ward = Ward::on(&server, &json!({"settings.contradictory": {}})).await;
    let issue = ward.registered.falls_ill("settings.contradictory", "autovacuum").await;
    let names = ["autovacuum", "track_counts", "effective_cache_size", "max_wal_size", "work_mem"];
    assert_eq!(issue["evidence"], json!(names), "{issue}");
    assert_eq!(issue["value"], 25.0);
    ward.run(issue["how_to_fix"].as_str().unwrap()).await;
    for name in names {
        ward.registered.recovers("settings.contradictory", name).await;
    }
}
