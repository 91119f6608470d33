//! Rules about the nodes of ClickHouse and their replicas.

use basira_test_support::{ClickHouseOptions, ClickHouseServer};
use serde_json::json;

use super::scene::ClickHouseHealthScene;
use crate::harness::ClickHouseDatabase;
use crate::harness::clickhouse::{cluster, private};

#[tokio::test]
async fn a_missing_node_is_reported_until_it_restarts() {
    let [first, mut second] = cluster::<2>().await;
    let rules = json!({"availability.node_missing": {}, "availability.server_restarted": {}});
    let scene = ClickHouseHealthScene::on_cluster(&first, ClickHouseServer::CLUSTER, &rules).await;
    let nodes = scene
        .registered
        .collected(async || {
            let nodes = scene.registered.get("/cluster").await;
            let all = nodes.as_array().unwrap().iter().filter(|node| node["answered"] == true).count() == 2;
            if all { Ok(nodes) } else { Err(nodes) }
        })
        .await;
    let name = format!("{}:{}", nodes[1]["host_name"].as_str().unwrap(), nodes[1]["port"]);
    scene.registered.wait_until_resolved("availability.node_missing", &name).await;
    let on_second = ClickHouseDatabase::create(&second).await;
    let host = on_second.rows("SELECT hostName() AS host").await.remove(0);
    // both are on one host
    let host = format!("{}:{}", host["host"].as_str().unwrap(), nodes[1]["port"]);
    scene.registered.wait_until_resolved("availability.server_restarted", &host).await;
    // a node that is as old as the watch was not started anew: let both be watched for some seconds
    scene
        .registered
        .collected(async || {
            let uptime = scene.registered.get("/server-metrics").await["uptime_seconds"].clone();
            if uptime.as_i64() >= Some(20) { Ok(()) } else { Err(uptime) }
        })
        .await;
    second.kill_hard().await.unwrap();
    let issue = scene.registered.wait_for_issue("availability.node_missing", &name).await;
    assert_eq!((&issue["severity"], &issue["value"]), (&json!("critical"), &json!(1.0)), "{issue:#}");
    assert_eq!(issue["detail"], format!("{name}, replica 2 of shard 1, does not answer").as_str());
    second.start_again().await.unwrap();
    scene.registered.wait_until_resolved("availability.node_missing", &name).await;
    let issue = scene.registered.wait_for_issue("availability.server_restarted", &host).await;
    assert!(issue["detail"].as_str().unwrap().contains(&format!("{host} was started ")), "{issue:#}");
    let waited = issue["value"].as_f64().unwrap();
    scene.registered.set_rule("availability.server_restarted", &json!({"threshold": waited})).await;
    scene.registered.wait_until_resolved("availability.server_restarted", &host).await;
}

/// The embedded server has a Keeper of its own in memory, but cannot be asked by other replicas: its replicated tables never
/// get out of the state in which they take no inserts. Those of the oldest version do, in `ch_replicas`.
#[tokio::test]
async fn a_replica_of_the_newest_version_is_read_only() {
    let (read_only, delay) = ("replication.read_only", "replication.delay");
    let settings = "<zookeeper><implementation>testkeeper</implementation></zookeeper>".to_owned();
    let server = private(ClickHouseOptions { settings, ..ClickHouseOptions::default() }).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({read_only: {}, delay: {}})).await;
    let host = scene.database.rows("SELECT hostName() AS host").await[0]["host"].as_str().unwrap().to_owned();
    scene
        .database
        .run("CREATE TABLE copied (n UInt64) ENGINE = ReplicatedMergeTree('/copied', 'one') ORDER BY n")
        .await;
    let object = format!("{}.copied on {host}", scene.database.name);
    let issue = scene.registered.wait_for_issue(read_only, &object).await;
    assert_eq!((&issue["severity"], &issue["value"]), (&json!("critical"), &json!(1.0)), "{issue:#}");
    let fix = issue["how_to_fix"].as_str().unwrap();
    assert_eq!(fix, format!("SYSTEM RESTART REPLICA {}.copied;", scene.database.name));
    scene.database.run(fix.trim_end_matches(';')).await;
    // its delay is counted from 1970, which is no delay
    scene.registered.wait_until_resolved(delay, &object).await;
    scene.database.run("DROP TABLE copied").await;
    scene.registered.wait_until_resolved(read_only, &object).await;
}
