//! Rules about inserts into ClickHouse.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::scene::ClickHouseHealthScene;
use crate::harness::clickhouse::private;

#[tokio::test]
async fn too_many_parts_are_reported() {
    let rule = "inserts.parts_per_partition";
    // others let parts pile up on the shared one too
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {}})).await;
    let object = format!("{}.piled", scene.database.name);
    scene
        .database
        .run(
            "CREATE TABLE piled (n UInt64) ENGINE = MergeTree ORDER BY n \
             SETTINGS parts_to_delay_insert = 8, parts_to_throw_insert = 20",
        )
        .await;
    scene.database.run("SYSTEM STOP MERGES piled").await;
    for n in 0..10 {
        scene.database.run(&format!("INSERT INTO piled VALUES ({n})")).await;
    }
    // the last of them may come after a look
    let issue = scene
        .registered
        .collected(async || {
            let issue = scene.registered.wait_for_issue(rule, &object).await;
            if issue["value"].as_f64() >= Some(50.0) { Ok(issue) } else { Err(issue) }
        })
        .await;
    assert_eq!((&issue["severity"], &issue["unit"]), (&json!("critical"), &json!("pct")), "{issue:#}");
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains("has 10 parts, 50 % of the 20 at which inserts are refused"), "{detail}");
    assert!(detail.contains("inserts are delayed from 8 on"), "{detail}");
    scene.database.run("SYSTEM START MERGES piled").await;
    let fix = issue["how_to_fix"].as_str().unwrap();
    let of_ours = fix.lines().find(|line| line.contains("piled")).unwrap().trim_end_matches(';');
    assert!(of_ours.ends_with(".piled PARTITION ID 'all' FINAL"), "{of_ours}");
    scene.database.run(of_ours).await;
    scene.registered.wait_until_resolved(rule, &object).await;
}

#[tokio::test]
async fn the_time_until_inserts_are_refused_is_predicted() {
    let rule = "inserts.parts_per_partition";
    let server = private(Default::default()).await;
    let setting = json!({rule: {"threshold": 0.5, "window_seconds": 40}});
    let scene = ClickHouseHealthScene::on(&server, &setting).await;
    let object = format!("{}.growing", scene.database.name);
    let table = "CREATE TABLE growing (n UInt64) ENGINE = MergeTree ORDER BY n \
                 SETTINGS parts_to_delay_insert = 900, parts_to_throw_insert = 1000";
    scene.database.run(table).await;
    scene.database.run("SYSTEM STOP MERGES growing").await;
    let growing = async {
        loop {
            scene.database.run("INSERT INTO growing VALUES (1)").await;
            sleep(Duration::from_millis(400)).await;
        }
    };
    let found = scene.registered.wait_for_issue_with(rule, &object, "; at this rate inserts are refused in ");
    let issue = tokio::select! { issue = found => issue, () = growing => unreachable!() };
    scene.database.run("SYSTEM START MERGES growing").await;
    scene.database.run(issue["how_to_fix"].as_str().unwrap().trim_end_matches(';')).await;
    scene.registered.wait_until_resolved(rule, &object).await;
}

#[tokio::test]
async fn small_inserts_are_reported() {
    let rule = "inserts.too_small";
    let server = private(Default::default()).await;
    let scene =
        ClickHouseHealthScene::on(&server, &json!({rule: {"window_seconds": 40, "threshold": 60}})).await;
    let small = async |settings: &str| {
        for n in 0..80 {
            scene.database.run(&format!("INSERT INTO small {settings} VALUES ({n}), (0), (0)")).await;
        }
    };
    scene.database.run("CREATE TABLE small (n UInt64) ENGINE = MergeTree ORDER BY n").await;
    small("").await;
    let hash = scene
        .registered
        .collected(async || {
            scene.database.run("SYSTEM FLUSH LOGS").await;
            let lines = scene.registered.get("/queries?limit=100").await;
            let is_ours = |line: &&serde_json::Value| {
                line["kind"] == "Insert" && line["query_text"].as_str().is_some_and(|t| t.contains("small"))
            };
            let ours = lines.as_array().unwrap().iter().find(is_ours).map(|line| line["query_hash"].clone());
            ours.ok_or(lines)
        })
        .await;
    let issue = scene.registered.wait_for_issue(rule, hash.as_str().unwrap()).await;
    assert!(
        issue["detail"].as_str().unwrap().contains("wrote 3 rows each on average: INSERT INTO"),
        "{issue:#}"
    );
    // as many again, collected by the server
    let fix = issue["how_to_fix"].as_str().unwrap().lines().last().unwrap();
    let settings = fix
        .strip_prefix("SET ")
        .unwrap()
        .trim_end_matches(';')
        .replace("wait_for_async_insert = 1", "wait_for_async_insert = 0");
    small(&format!("SETTINGS {settings}")).await;
    // those of before are out of sight sooner
    scene.registered.set_rule(rule, &json!({"window_seconds": 15, "threshold": 60})).await;
    scene.registered.wait_until_resolved(rule, hash.as_str().unwrap()).await;
}
