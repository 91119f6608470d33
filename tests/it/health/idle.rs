//! A server without trouble has none.

use basira::demo::servers::Distribution;
use serde_json::{Value, json};

use super::scene::{ClickHouseWard, Ward};
use crate::harness::postgres::private;
use crate::harness::{Registered, clickhouse};

/// Waits for a diagnosis with most rules evaluated.
async fn examined(registered: &Registered) -> Value {
    registered
        .collected(async || {
            let doctor = registered.get("/doctor").await;
            if doctor["score"].is_number() { Ok(doctor) } else { Err(doctor) }
        })
        .await
}

#[tokio::test]
async fn a_fresh_idle_postgres_of_each_version_scores_100() {
    for major in Distribution::MAJORS {
        let server = private(major, "").await;
        let ward = Ward::on(&server, &json!({})).await;
        let doctor = examined(&ward.registered).await;
        assert_eq!(doctor["score"], 100, "PostgreSQL {major}: {doctor:#}");
        assert_eq!((doctor["status"].as_str(), &doctor["top_issues"]), (Some("healthy"), &json!([])));
    }
}

#[tokio::test]
async fn a_fresh_idle_clickhouse_scores_100() {
    let server = clickhouse::private(Default::default()).await;
    let ward = ClickHouseWard::on(&server, &json!({})).await;
    let doctor = examined(&ward.registered).await;
    assert_eq!(doctor["score"], 100, "{doctor:#}");
}

#[tokio::test]
async fn a_fresh_idle_clickhouse_of_the_oldest_version_scores_100() {
    let server = clickhouse::oldest().await;
    let ward = ClickHouseWard::on(&server, &json!({})).await;
    let doctor = examined(&ward.registered).await;
    assert_eq!(doctor["score"], 100, "{doctor:#}");
}
