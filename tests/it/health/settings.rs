//! Rules about settings.

use serde_json::json;

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, private};

#[tokio::test]
async fn unsafe_settings_are_reported_until_they_are_enabled() {
    let settings = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off";
    let server = private(NEWEST, settings).await;
    let scene = HealthScene::on(&server, &json!({"settings.durability": {}})).await;
    let issue = scene.registered.wait_for_issue("settings.durability", "fsync").await;
    assert_eq!(issue["evidence"], json!(["fsync", "full_page_writes", "synchronous_commit"]));
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("critical"), Some(21.0)));
    scene
        .run(
            "alter system set fsync = on; alter system set full_page_writes = on; select pg_reload_conf()"
                .replace("; ", ";\n")
                .as_str(),
        )
        .await;
    scene.registered.wait_until_resolved("settings.durability", "fsync").await;
    let issue = scene.registered.wait_for_issue("settings.durability", "synchronous_commit").await;
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("info"), Some(1.0)));
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("settings.durability", "synchronous_commit").await;
}

#[tokio::test]
async fn a_setting_that_needs_a_restart_is_reported() {
    let mut server = private(NEWEST, "").await;
    let scene = HealthScene::on(&server, &json!({"settings.pending_restart": {}})).await;
    let change = "alter system set max_connections = 77;\nselect pg_reload_conf()";
    scene.run(change).await;
    let issue = scene.registered.wait_for_issue("settings.pending_restart", "max_connections").await;
    assert!(issue["detail"].as_str().unwrap().contains("max_connections is 100 until"), "{issue}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("settings.pending_restart", "max_connections").await;
    scene.run(change).await;
    scene.registered.wait_for_issue("settings.pending_restart", "max_connections").await;
    server.restart().await.unwrap();
    scene.registered.wait_until_resolved("settings.pending_restart", "max_connections").await;
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_named() {
    let settings = "autovacuum = off\ntrack_counts = off\nshared_buffers = 256MB\nmax_wal_size = 32MB\n\
                    effective_cache_size = 64MB\nwork_mem = 64MB";
    let server = private(NEWEST, settings).await;
    let scene = HealthScene::on(&server, &json!({"settings.contradictory": {}})).await;
    let issue = scene.registered.wait_for_issue("settings.contradictory", "autovacuum").await;
    let names = ["autovacuum", "track_counts", "effective_cache_size", "max_wal_size", "work_mem"];
    assert_eq!(issue["evidence"], json!(names), "{issue}");
    assert_eq!(issue["value"], 25.0);
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    for name in names {
        scene.registered.wait_until_resolved("settings.contradictory", name).await;
    }
}
