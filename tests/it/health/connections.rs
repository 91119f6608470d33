//! Rules about connections.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, private};

#[tokio::test]
async fn connections_near_their_limit_are_reported() {
    let server = private(NEWEST, "max_connections = 20").await;
    let scene = HealthScene::on(&server, &json!({"connections.saturation": {"threshold": 60}})).await;
    scene.registered.wait_until_resolved("connections.saturation", "max_connections").await;
    let mut crowd = Vec::new();
    for _ in 0..9 {
        crowd.push(scene.database.client().await);
    }
    let issue = scene.registered.wait_for_issue("connections.saturation", "max_connections").await;
    assert_eq!((issue["category"].as_str(), issue["unit"].as_str()), (Some("connections"), Some("pct")));
    assert!(issue["value"].as_f64().unwrap() >= 60.0, "{issue}");
    // the fix closes sessions that do nothing
    let fix = issue["how_to_fix"].as_str().unwrap().replace("10min", "1s");
    scene.run(&fix).await;
    // a new limit counts from the next idle moment after a session has heard of it
    let poking = tokio::spawn(async move {
        loop {
            for client in &crowd {
                let _ = client.batch_execute("select 1").await;
            }
            sleep(Duration::from_secs(3)).await;
        }
    });
    scene.registered.wait_until_resolved("connections.saturation", "max_connections").await;
    poking.abort();
}
