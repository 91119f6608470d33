//! A cluster is watched as a whole, and what is missing of it is said.

use std::collections::BTreeSet;
use std::time::Duration;

use basira_test_support::ClickHouseServer;
use serde_json::{Value, json};

use crate::harness::clickhouse::cluster;
use crate::harness::{ClickHouseDatabase, Organization, Registered, TestApp, eventually};

const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

fn registration(database: &ClickHouseDatabase, name: &str) -> Value {
    let mut body = database.registration();
    body["cluster"] = json!(name);
    body
}

/// Which nodes answered, in the order of the cluster.
async fn answering(registered: &Registered) -> Vec<bool> {
    let nodes = registered.get("/cluster").await;
    nodes.as_array().unwrap().iter().map(|node| node["answered"] == true).collect()
}

async fn becomes(registered: &Registered, wanted: &[bool]) {
    registered
        .collected(async || {
            let now = answering(registered).await;
            if now == wanted { Ok(()) } else { Err((now, registered.collector("ch_cluster").await)) }
        })
        .await;
}

/// The nodes on which a query of the test is seen to run.
async fn hosts_of_sleepers(registered: &Registered) -> BTreeSet<String> {
    let lines = registered.get("/active?limit=200").await;
    let sleeps =
        |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("sleepEachRow"));
    let hosts = lines.as_array().unwrap().iter().filter(sleeps);
    hosts.map(|line| line["host_name"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn sleeps_on(database: &ClickHouseDatabase) -> tokio::task::JoinHandle<()> {
    let database = database.clone();
    tokio::spawn(async move {
        // ends with its server, if that is killed
        let _ = database
            .ask_in("default", "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1")
            .await;
    })
}

#[tokio::test]
async fn nodes_are_listed_separately_and_a_missing_one_is_reported() {
    let [first, mut second] = cluster::<2>().await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "cluster").await;
    let one = ClickHouseDatabase::create(&first).await;
    let two = ClickHouseDatabase::create(&second).await;
    let registered = organization.register_as(&registration(&one, ClickHouseServer::CLUSTER)).await;
    registered.status_becomes("connected", CONNECTED_WITHIN).await;
    becomes(&registered, &[true, true]).await;
    let nodes = registered.get("/cluster").await;
    for node in nodes.as_array().unwrap() {
        assert_eq!((&node["shard_num"], &node["host_name"]), (&json!(1), &json!("127.0.0.1")));
        assert!(node["version"].as_str().is_some_and(|version| version.starts_with("26.7")), "{node}");
        assert!(node["uptime_seconds"].is_i64() && node["replica_num"].is_i64(), "{node}");
    }
    let ports: BTreeSet<i64> =
        nodes.as_array().unwrap().iter().filter_map(|node| node["port"].as_i64()).collect();

    let sleepers = [sleeps_on(&one).await, sleeps_on(&two).await];
    let hosts = registered
        .collected(async || match hosts_of_sleepers(&registered).await {
            hosts if hosts.len() == 2 => Ok(hosts),
            hosts => Err((hosts, registered.collector("ch_processes").await)),
        })
        .await;
    for port in &ports {
        assert!(hosts.iter().any(|host| host.ends_with(&format!(":{port}"))), "{hosts:?} of {ports:?}");
    }

    second.kill_hard().await.unwrap();
    becomes(&registered, &[true, false]).await;
    let line = registered.collector_becomes("ch_cluster", "ok").await;
    assert!(line["reason"].as_str().is_some_and(|reason| reason.starts_with("1 of 2 nodes")), "{line}");
    registered
        .collected(async || match hosts_of_sleepers(&registered).await {
            hosts if hosts.len() == 1 => Ok(()),
            hosts => Err((hosts, registered.collector("ch_processes").await)),
        })
        .await;
    registered.collector_becomes("ch_processes", "ok").await;
    sleepers.iter().for_each(tokio::task::JoinHandle::abort);

    second.start_again().await.unwrap();
    becomes(&registered, &[true, true]).await;
    let kinds = eventually(CONNECTED_WITHIN, async || {
        let events = registered.get("/events?kind=node_missing,node_back").await;
        let kinds: Vec<Value> =
            events.as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
        if kinds.len() == 2 { Ok(kinds) } else { Err(events) }
    })
    .await;
    assert_eq!(kinds, ["node_back", "node_missing"], "newest first");
}

#[tokio::test]
async fn a_node_that_hangs_does_not_hide_the_others() {
    let [first, second] = cluster::<2>().await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "hanging").await;
    let database = ClickHouseDatabase::create(&first).await;
    let registered = organization.register_as(&registration(&database, ClickHouseServer::CLUSTER)).await;
    registered.status_becomes("connected", CONNECTED_WITHIN).await;
    becomes(&registered, &[true, true]).await;
    second.suspend().unwrap();
    becomes(&registered, &[true, false]).await;
    registered.status_becomes("connected", CONNECTED_WITHIN).await;
    registered.collector_becomes("ch_processes", "ok").await;
    second.resume().unwrap();
    becomes(&registered, &[true, true]).await;
}

#[tokio::test]
async fn a_wrong_cluster_name_and_a_missing_grant_are_reported() {
    let [mut server] = cluster::<1>().await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "clusters").await;
    let database = ClickHouseDatabase::create(&server).await;
    let report = organization.key.post("/databases/test", &registration(&database, "nowhere"), 200).await;
    let error = report["error"].as_str().unwrap_or_default();
    assert_eq!(error, "the server knows no cluster nowhere; it knows everywhere", "{report}");

    let alone = organization.register_as(&database.registration()).await;
    alone.collector_becomes("ch_cluster", "disabled").await;

    let user = ClickHouseServer::READERS[2];
    for grant in ["GRANT SELECT ON system.processes", "GRANT SELECT ON system.clusters"] {
        server.grant(user, grant).unwrap();
    }
    server.kill_hard().await.unwrap();
    server.start_again().await.unwrap();
    let mut body = registration(&database, ClickHouseServer::CLUSTER);
    (body["username"], body["database"]) = (json!(user), json!("default"));
    let report = organization.key.post("/databases/test", &body, 200).await;
    let lines = report["collectors"].as_array().unwrap();
    for name in ["ch_cluster", "ch_processes"] {
        let line = lines.iter().find(|line| line["name"] == name).unwrap();
        assert_eq!(line["fix"], "GRANT READ ON REMOTE TO \"blind\";", "{line}");
    }
}
