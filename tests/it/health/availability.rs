//! Rules about the server itself.

use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::scene::HealthScene;
use crate::harness::eventually;
use crate::harness::postgres::{NEWEST, private};

const SEEN_WITHIN: Duration = Duration::from_secs(25);

#[tokio::test]
async fn a_crash_is_distinguished_from_a_restart() {
    let mut server = private(NEWEST, "").await;
    let scene = HealthScene::on(&server, &json!({"availability.restarted": {"window_seconds": 12}})).await;
    scene.registered.wait_until_resolved("availability.restarted", "server").await;
    let victim = scene.database.client().await;
    let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    server.kill_backend(pid).unwrap();
    let issue = scene.registered.wait_for_issue("availability.restarted", "server").await;
    assert!(issue["detail"].as_str().unwrap().contains("a backend crashed"), "{issue}");
    // it is over when it is long enough ago
    scene.registered.wait_until_resolved("availability.restarted", "server").await;
    // a planned restart and a reset by hand are events
    server.restart().await.unwrap();
    let events = async || scene.registered.get("/events?limit=200").await.to_string();
    eventually(SEEN_WITHIN, async || match events().await {
        events if events.contains("server_restarted") => Ok(()),
        events => Err(events),
    })
    .await;
    scene.registered.connected().await;
    let admin = server.client().await.unwrap();
    admin.batch_execute("select pg_stat_reset_shared()").await.unwrap();
    scene.registered.looks_again("pg_stat_database").await;
    scene.registered.wait_until_resolved("availability.restarted", "server").await;
}

#[tokio::test]
async fn a_checksum_failure_lowers_the_score() {
    let mut server = private(NEWEST, "").await;
    let rules = json!({"storage.checksum_failures": {"window_seconds": 10}});
    let scene = HealthScene::on(&server, &rules).await;
    let checksums: String = scene.admin.query_one("show data_checksums", &[]).await.unwrap().get(0);
    assert_eq!(checksums, "on", "the newest version has them");
    scene
        .admin
        .batch_execute("create table fragile as select repeat('x', 900) from generate_series(1, 100)")
        .await
        .unwrap();
    let path = "select current_setting('data_directory') || '/' || pg_relation_filepath('fragile')";
    let path: String = scene.admin.query_one(path, &[]).await.unwrap().get(0);
    scene.admin.batch_execute("checkpoint").await.unwrap();
    server.halt().await.unwrap();
    damage(Path::new(&path));
    server.start_again().await.unwrap();
    let reader = scene.database.client().await;
    assert!(reader.batch_execute("select count(*) from fragile").await.is_err(), "the page is refused");
    drop(reader);
    let issue = scene.registered.wait_for_issue("storage.checksum_failures", &scene.database.name).await;
    assert_eq!(
        (issue["severity"].as_str(), issue["penalty"].as_i64() >= Some(50)),
        (Some("critical"), true),
        "{issue}"
    );
    // as after a restore: nobody meets a damaged page any more
    scene.database.client().await.batch_execute("drop table fragile").await.unwrap();
    scene.registered.wait_until_resolved("storage.checksum_failures", &scene.database.name).await;
}

fn damage(file: &Path) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(4_000)).unwrap();
    file.write_all(b"a disk has been careless").unwrap();
}
