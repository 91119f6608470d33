//! Rules about merges and mutations of ClickHouse.

use serde_json::json;

use super::scene::ClickHouseHealthScene;
use crate::harness::clickhouse::private;

#[tokio::test]
async fn a_stuck_mutation_is_reported_until_the_printed_kill() {
    let rule = "merges.stuck_mutations";
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {}})).await;
    scene.database.run("CREATE TABLE `it's` (id UInt64, s String) ENGINE = MergeTree ORDER BY id").await;
    scene.database.run("INSERT INTO `it's` SELECT number, 'x' FROM numbers(10)").await;
    scene.database.run("ALTER TABLE `it's` UPDATE s = toString(toUInt64(s)) WHERE id = 7").await;
    let id = "SELECT mutation_id FROM system.mutations WHERE database = currentDatabase()";
    let id = scene.database.rows(id).await[0]["mutation_id"].as_str().unwrap().to_owned();
    let object = format!("{}.it's {id}", scene.database.name);
    let issue = scene.registered.wait_for_issue(rule, &object).await;
    assert_eq!((&issue["category"], &issue["threshold"]), (&json!("merges"), &json!(1.0)), "{issue:#}");
    let detail = issue["detail"].as_str().unwrap();
    assert!(
        detail.contains("fails at part all_1_1_0: ") && detail.contains("with 1 parts to do"),
        "{detail}"
    );
    let fix = issue["how_to_fix"].as_str().unwrap();
    assert!(fix.contains("table = 'it\\'s' AND mutation_id = 'mutation_2.txt'"), "{fix}");
    scene.database.run(fix.trim_end_matches(';')).await;
    scene.registered.wait_until_resolved(rule, &object).await;
}

#[tokio::test]
async fn a_busy_merge_pool_is_reported() {
    let rule = "merges.behind";
    let server = private(Default::default()).await;
    let scene = ClickHouseHealthScene::on(&server, &json!({rule: {}})).await;
    // six parts that no merge makes fewer
    let table = "CREATE TABLE orders (n UInt64, s String) ENGINE = MergeTree PARTITION BY n % 6 ORDER BY n";
    scene.database.run(table).await;
    scene.database.run("INSERT INTO orders SELECT number, 'x' FROM numbers(1200000)").await;
    let host = scene.database.rows("SELECT hostName() AS host").await[0]["host"].as_str().unwrap().to_owned();
    scene.registered.wait_until_resolved(rule, &host).await;
    scene.database.run("ALTER TABLE orders UPDATE s = concat(s, toString(sleep(1))) WHERE 1").await;
    let issue = scene.registered.wait_for_issue(rule, &host).await;
    assert!(issue["detail"].as_str().unwrap().contains(" merges and mutations ("), "{issue:#}");
    scene.database.run("KILL MUTATION WHERE database = currentDatabase()").await;
    scene.registered.wait_until_resolved(rule, &host).await;
}
