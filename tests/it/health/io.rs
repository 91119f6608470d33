//! Rules about the cache and checkpoints.

use serde_json::json;

use super::scene::{Busy, HealthScene, carry_out};
use crate::harness::postgres::{NEWEST, private};

/// Pages of 4 MB are read again and again, and pages at random places changed.
const WORK: &str = "
    select count(*) from padded;
    update padded set n = n + 1 where id in (select (random() * 3999)::int from generate_series(1, 400))";

#[tokio::test]
async fn small_shared_buffers_are_seen_by_reads_and_by_writes() {
    let mut server = private(NEWEST, "shared_buffers = 1MB\nbgwriter_lru_maxpages = 0").await;
    let rules = json!({
        "memory.cache_hit_ratio": {"threshold": 90, "window_seconds": 12},
        "checkpoints.backend_writes": {"threshold": 30, "window_seconds": 12},
    });
    let scene = HealthScene::on(&server, &rules).await;
    scene
        .run(
            "create table padded (id int primary key, n int, pad text);
        insert into padded select n, n, repeat('x', 1000) from generate_series(0, 3999) n;
        alter table padded set (autovacuum_enabled = off);
        vacuum analyze padded",
        )
        .await;
    let busy = Busy::with(scene.database.client().await, WORK);
    let reads = scene.registered.wait_for_issue("memory.cache_hit_ratio", &scene.database.name).await;
    assert!(reads["value"].as_f64().unwrap() < 90.0, "{reads}");
    let writes = scene.registered.wait_for_issue("checkpoints.backend_writes", "shared_buffers").await;
    assert!(writes["value"].as_f64().unwrap() > 30.0, "{writes}");
    for issue in [&reads, &writes] {
        let fix = issue["how_to_fix"].as_str().unwrap();
        assert!(fix.contains("shared_buffers = '256MB'"), "{fix}");
        scene.run(fix).await;
    }
    drop(busy);
    server.restart().await.unwrap();
    let _busy = Busy::with(scene.database.client().await, WORK);
    scene.registered.wait_until_resolved("memory.cache_hit_ratio", &scene.database.name).await;
    scene.registered.wait_until_resolved("checkpoints.backend_writes", "shared_buffers").await;
}

#[tokio::test]
async fn requested_checkpoints_are_reported() {
    let server = private(NEWEST, "max_wal_size = 32MB").await;
    let rules = json!({"checkpoints.requested": {"threshold": 30, "window_seconds": 15}});
    let scene = HealthScene::on(&server, &rules).await;
    scene.run("create table written (pad text)").await;
    let work = "insert into written select repeat('x', 1000) from generate_series(1, 4000); truncate written";
    let _busy = Busy::with(scene.database.client().await, work);
    let issue = scene.registered.wait_for_issue("checkpoints.requested", "max_wal_size").await;
    assert!(issue["detail"].as_str().unwrap().contains("max_wal_size is 32.0 MB"), "{issue}");
    assert!(issue["value"].as_f64().unwrap() >= 30.0, "{issue}");
    carry_out(&scene.admin, issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("checkpoints.requested", "max_wal_size").await;
}
