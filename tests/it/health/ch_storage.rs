//! Rules about what fills the disks of a ClickHouse server.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::scene::ClickHouseHealthScene;
use crate::harness::ClickHouseDatabase;
use crate::harness::clickhouse::{private, shared};

#[tokio::test]
async fn a_full_disk_is_reported() {
    let rule = "storage.disk_full";
    let scene = ClickHouseHealthScene::on(shared().await, &json!({rule: {"threshold": 0.1}})).await;
    let own = "SELECT concat(name, ' on ', hostName()) AS object, \
               100 * (total_space - free_space) / total_space AS used_pct FROM system.disks WHERE name = 'default'";
    let own = scene.database.rows(own).await.remove(0);
    let issue = scene.registered.wait_for_issue(rule, own["object"].as_str().unwrap()).await;
    let apart = issue["value"].as_f64().unwrap() - own["used_pct"].as_f64().unwrap();
    assert!(apart.abs() < 3.0, "{issue:#} of {own}");
    assert!(issue["detail"].as_str().unwrap().contains(" are free"), "{issue:#}");
    // what is written now, and whatever else this machine writes meanwhile, fills it at last
    scene.registered.set_rule(rule, &json!({"threshold": 0.1, "window_seconds": 40})).await;
    scene.database.run("CREATE TABLE bulk (s String) ENGINE = MergeTree ORDER BY tuple()").await;
    let filling = async {
        loop {
            scene.database.run("INSERT INTO bulk SELECT randomString(1000) FROM numbers(5000)").await;
            sleep(Duration::from_millis(300)).await;
        }
    };
    let object = own["object"].as_str().unwrap();
    let found = scene.registered.wait_for_issue_with(rule, object, " are free; at this rate it is full in ");
    tokio::select! { _ = found => {}, () = filling => unreachable!() };
    scene.database.run("DROP TABLE bulk").await;
    scene.registered.set_rule(rule, &json!({"threshold": 100})).await;
    scene.registered.wait_until_resolved(rule, own["object"].as_str().unwrap()).await;
}

#[tokio::test]
async fn log_tables_without_ttl_are_reported_until_the_printed_fix_is_applied() {
    let rule = "storage.log_tables";
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {"threshold": 1}})).await;
    scene.database.run("SYSTEM FLUSH LOGS").await;
    scene.database.run("CREATE TABLE system.query_log_0 AS system.query_log").await;
    scene.database.run("INSERT INTO system.query_log_0 SELECT * FROM system.query_log").await;
    let host = scene.database.rows("SELECT hostName() AS host").await[0]["host"].as_str().unwrap().to_owned();
    let [endless, left_over] = ["query_log", "query_log_0"].map(|name| format!("system.{name} on {host}"));
    scene.registered.wait_for_issue(rule, &endless).await;
    let issue = scene.registered.wait_for_issue(rule, &left_over).await;
    let fix = issue["how_to_fix"].as_str().unwrap();
    assert!(fix.contains("ALTER TABLE system.query_log MODIFY TTL event_date + INTERVAL 30 DAY;"), "{fix}");
    assert!(fix.contains("DROP TABLE system.query_log_0;"), "{fix}");
    for statement in fix.lines() {
        scene.database.run(statement.trim_end_matches(';')).await;
    }
    scene.registered.wait_until_resolved(rule, &endless).await;
    scene.registered.wait_until_resolved(rule, &left_over).await;
}

#[tokio::test]
async fn detached_parts_are_reported() {
    let rule = "storage.detached_parts";
    let server = private(Default::default()).await;
    let maker = ClickHouseDatabase::create(&server).await;
    maker.run("CREATE TABLE aside (n UInt64) ENGINE = MergeTree ORDER BY n").await;
    maker.run("INSERT INTO aside VALUES (1)").await;
    maker.run("ALTER TABLE aside DETACH PARTITION tuple()").await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {}})).await;
    let object = format!("{}.aside", maker.name);
    let issue = scene.registered.wait_for_issue(rule, &object).await;
    assert_eq!(issue["severity"], "info", "{issue:#}");
    let fix = issue["how_to_fix"].as_str().unwrap();
    let mut lines = fix.lines();
    let which = scene.database.rows(lines.next().unwrap().trim_end_matches(';')).await;
    let name = which[0]["name"].as_str().unwrap();
    let attach = lines.next().unwrap().trim_start_matches("-- ").split(';').next().unwrap();
    let attach = attach.replace("'name'", &format!("'{name}'"));
    assert!(attach.ends_with(&format!(".aside ATTACH PART '{name}'")), "{attach}");
    scene.database.run(&attach).await;
    assert_eq!(maker.rows("SELECT n FROM aside").await.len(), 1);
    // they are counted every five minutes: somebody else looks at once
    let fresh = ClickHouseHealthScene::on(&server, &json!({rule: {}})).await;
    fresh.registered.wait_until_resolved(rule, &object).await;
}
