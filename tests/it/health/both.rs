//! Rules about the collection itself.

use std::time::Duration;

use serde_json::json;

use super::scene::Ward;
use crate::harness::postgres::{NEWEST, private};
use crate::harness::{eventually, issue};

#[tokio::test]
async fn a_database_that_is_away_has_no_score() {
    let mut server = private(NEWEST, "fsync = on").await;
    let ward = Ward::on(&server, &json!({})).await;
    let doctor = ward
        .registered
        .collected(async || {
            let doctor = ward.registered.get("/doctor").await;
            if doctor["score"].is_number() { Ok(doctor) } else { Err(doctor) }
        })
        .await;
    assert_eq!(doctor["status"], "healthy", "{doctor}");
    server.kill_hard().await.unwrap();
    let away = eventually(Duration::from_secs(30), async || {
        let doctor = ward.registered.get("/doctor").await;
        if doctor["score"].is_null() { Ok(doctor) } else { Err(doctor) }
    })
    .await;
    assert_eq!(away["status"], "unhealthy");
    let found = issue(&away, "collection.disconnected").expect("the issue");
    assert_eq!((found["penalty"].as_i64(), found["severity"].as_str()), (Some(100), Some("critical")));
    assert_eq!(away["top_issues"].as_array().unwrap().len(), 1);
    assert!(away["not_evaluated"].as_array().unwrap().len() >= 4, "{away}");
    assert!(ward.registered.get("").await["health_score"].is_null());
    assert!(ward.registered.get("/overview").await["health_score"].is_null());
}

#[tokio::test]
async fn the_history_says_what_the_points_were_lost_to() {
    let server = private(NEWEST, "fsync = on").await;
    let ward = Ward::on(&server, &json!({"connections.saturation": {"threshold": 0.1}})).await;
    let issue = ward.registered.falls_ill("connections.saturation", "max_connections").await;
    let lines = ward
        .registered
        .collected(async || {
            let history = ward.registered.get("/doctor/history?bucket=5").await;
            let lines = history.as_array().unwrap().clone();
            let lost = lines.iter().any(|line| line["issues"][0]["rule_id"] == "connections.saturation");
            if lost { Ok(lines) } else { Err(history) }
        })
        .await;
    let last = lines.last().unwrap();
    assert_eq!(last["issues"][0]["penalty"], issue["penalty"]);
    for line in &lines {
        let lost: i64 =
            line["issues"].as_array().unwrap().iter().map(|i| i["penalty"].as_i64().unwrap()).sum();
        assert_eq!(line["score"].as_i64(), Some(100 - lost), "{line}");
    }
    ward.registered.set_rule("connections.saturation", &json!({"enabled": false})).await;
    ward.registered
        .collected(async || {
            let history = ward.registered.get("/doctor/history?bucket=5").await;
            let last = history.as_array().unwrap().last().unwrap().clone();
            if last["issues"] == json!([]) && last["score"] == 100 { Ok(()) } else { Err(last) }
        })
        .await;
}
