//! A server without trouble has none.

use basira_test_support::{ClickHouseOptions, MAJORS};
use futures_util::future::join_all;
use serde_json::json;

use super::scene::{ClickHouseHealthScene, HealthScene, fully_examined, with_short_windows};
use crate::harness::clickhouse;
use crate::harness::postgres::private;

#[tokio::test]
async fn a_fresh_idle_postgres_of_each_version_scores_100() {
    join_all(MAJORS.map(async |major| {
        // the servers of tests do without, which is no way to keep data
        let server = private(major, "fsync = on").await;
        let scene = HealthScene::on(&server, &json!({})).await;
        with_short_windows(&scene.registered).await;
        let doctor = fully_examined(&scene.registered).await;
        assert_eq!(doctor["score"], 100, "PostgreSQL {major}: {doctor:#}");
        assert_eq!((doctor["status"].as_str(), &doctor["top_issues"]), (Some("healthy"), &json!([])));
    }))
    .await;
}

#[tokio::test]
async fn a_fresh_idle_clickhouse_scores_100() {
    let server = clickhouse::private(ClickHouseOptions::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({})).await;
    with_short_windows(&scene.registered).await;
    let doctor = fully_examined(&scene.registered).await;
    assert_eq!(doctor["score"], 100, "{doctor:#}");
}

#[tokio::test]
async fn a_fresh_idle_clickhouse_of_the_oldest_version_scores_100() {
    let server = clickhouse::oldest().await;
    let scene = ClickHouseHealthScene::on(&server, &json!({})).await;
    with_short_windows(&scene.registered).await;
    let doctor = fully_examined(&scene.registered).await;
    assert_eq!(doctor["score"], 100, "{doctor:#}");
}
