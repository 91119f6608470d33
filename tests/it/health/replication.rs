//! Rules about standbys, slots and subscriptions.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::json;

use super::scene::{HealthScene, carry_out};
use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Pair, eventually};

/// Writes so many megabytes of WAL.
async fn write(server: &PostgresServer, megabytes: u32) {
    let client = server.client().await.unwrap();
    let rows = megabytes * 1_000;
    let table = format!(
        "drop table if exists bulk; create table bulk as select repeat('x', 950) from generate_series(1, {rows})"
    );
    client.batch_execute(&table).await.unwrap();
}

impl Pair {
    /// What the standby calls itself.
    async fn follower(&self) -> String {
        self.primary
            .collected(async || {
                let seen = self.primary.get("/replication").await;
                seen["standbys"][0]["application_name"].as_str().map(str::to_owned).ok_or(seen)
            })
            .await
    }
}

#[tokio::test]
async fn a_standby_that_does_not_replay_is_seen_from_both_sides() {
    let pair = Pair::start(
        NEWEST,
        "autovacuum = off",
        &json!({
            "replication.replay_lag": {"threshold": 1_000_000, "for_seconds": 0},
            "replication.standby_lag": {"threshold": 1, "for_seconds": 0},
            "replication.sending_lag": {"threshold": 8_000_000, "for_seconds": 0},
        }),
    )
    .await;
    let follower = pair.follower().await;
    let standby = pair.standby_server.client().await.unwrap();
    pair.standby.wait_until_resolved("replication.standby_lag", "replay").await;
    standby.batch_execute("select pg_wal_replay_pause()").await.unwrap();
    write(&pair.primary_server, 5).await;
    let late = pair.primary.wait_for_issue("replication.replay_lag", &follower).await;
    let own = pair.standby.wait_for_issue("replication.standby_lag", "replay").await;
    assert!(own["detail"].as_str().unwrap().contains("replay is paused"), "{own}");
    carry_out(&standby, late["how_to_fix"].as_str().unwrap()).await;
    pair.primary.wait_until_resolved("replication.replay_lag", &follower).await;
    pair.standby.wait_until_resolved("replication.standby_lag", "replay").await;
    drop(standby);

    // one that is stopped takes nothing any more
    pair.standby_server.suspend().unwrap();
    write(&pair.primary_server, 40).await;
    let unsent = pair.primary.wait_for_issue("replication.sending_lag", &follower).await;
    assert!(unsent["detail"].as_str().unwrap().contains("wait to be sent"), "{unsent}");
    pair.standby_server.resume().unwrap();
    pair.primary.wait_until_resolved("replication.sending_lag", &follower).await;
}

#[tokio::test]
async fn inactive_and_lost_slots_are_reported() {
    let settings =
        "max_slot_wal_keep_size = 32MB\nmax_wal_size = 32MB\nmin_wal_size = 32MB\nwal_keep_size = 0";
    let server = private(NEWEST, settings).await;
    let rules = json!({"replication.inactive_slot": {"threshold": 1_000_000}, "replication.lost_slot": {}});
    let scene = HealthScene::on(&server, &rules).await;
    let make = "select pg_create_physical_replication_slot('left_over', true)";
    scene.run(make).await;
    write(&server, 4).await;
    let inactive = scene.registered.wait_for_issue("replication.inactive_slot", "left_over").await;
    assert!(inactive["detail"].as_str().unwrap().contains("retains"), "{inactive}");
    scene.run(inactive["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("replication.inactive_slot", "left_over").await;

    scene.run(make).await;
    write(&server, 120).await;
    scene.run("checkpoint").await;
    let lost = scene.registered.wait_for_issue("replication.lost_slot", "left_over").await;
    assert!(lost["detail"].as_str().unwrap().contains("has lost WAL that it needs"), "{lost}");
    scene.run(lost["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("replication.lost_slot", "left_over").await;
}

#[tokio::test]
async fn a_slot_close_to_its_wal_limit_is_reported_until_the_printed_setting_is_applied() {
    // no checkpoint comes by itself
    let settings = "max_slot_wal_keep_size = 32MB\nmax_wal_size = 4GB\ncheckpoint_timeout = 1h";
    let server = private(NEWEST, settings).await;
    let scene = HealthScene::on(&server, &json!({"replication.lost_slot": {}})).await;
    scene.run("select pg_create_physical_replication_slot('late', true)").await;
    scene.registered.wait_until_resolved("replication.lost_slot", "late").await;
    write(&server, 80).await;
    let issue = scene.registered.wait_for_issue("replication.lost_slot", "late").await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains("the slot late needs WAL that the next checkpoint may remove"), "{detail}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("replication.lost_slot", "late").await;
    scene.run("checkpoint").await;
    let kept = "select wal_status from pg_replication_slots";
    let kept: String = scene.admin.query_one(kept, &[]).await.unwrap().get(0);
    assert_ne!(kept, "lost");
    scene.registered.wait_until_resolved("replication.lost_slot", "late").await;
}

#[tokio::test]
async fn a_subscription_without_a_worker_is_named() {
    let server = private(NEWEST, "wal_level = logical").await;
    let scene = HealthScene::on(&server, &json!({"replication.subscription": {}})).await;
    scene.run(
        "create subscription follows connection 'host=127.0.0.1 port=1 dbname=none' publication p with (connect = false);
alter subscription follows enable",
    )
    .await;
    let issue = scene.registered.wait_for_issue("replication.subscription", "follows").await;
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("replication.subscription", "follows").await;
}

#[tokio::test]
async fn failed_archiving_is_reported() {
    let server = private(NEWEST, "archive_mode = on\narchive_command = 'false'").await;
    let scene = HealthScene::on(&server, &json!({"storage.archiving": {}})).await;
    let switch = "create table if not exists t (n int); insert into t values (1); select pg_switch_wal()";
    scene.admin.batch_execute(switch).await.unwrap();
    let issue = scene.registered.wait_for_issue("storage.archiving", "archive_command").await;
    assert_eq!(issue["severity"], "critical");
    let fix = issue["how_to_fix"].as_str().unwrap().replace("'...'", "'true'");
    scene.run(&fix).await;
    // the archiver waits a minute after some failures, or until there is more to do
    eventually(Duration::from_secs(90), async || {
        scene.admin.batch_execute(switch).await.unwrap();
        let failing = scene.registered.get("/archiver").await["failing"].clone();
        if failing == false { Ok(()) } else { Err(failing) }
    })
    .await;
    scene.registered.wait_until_resolved("storage.archiving", "archive_command").await;
}
