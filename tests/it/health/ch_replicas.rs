//! Rules about replicated tables of ClickHouse: two replicas on one server, each a table.

use std::fs;
use std::path::Path;

use basira_test_support::ClickHouseServer;
use serde_json::{Value, json};

use super::scene::ClickHouseHealthScene;
use crate::harness::clickhouse::replicating;
use crate::harness::{ChaosProxy, Mode, ZooKeeper};

/// Two replicas that know each other by a Keeper.
struct Twins {
    scene: ClickHouseHealthScene,
    host: String,
    _server: ClickHouseServer,
    /// Where the server looks for its Keeper.
    way: ChaosProxy,
    _keeper: ZooKeeper,
}

impl Twins {
    async fn watched_by(rules: &Value) -> Self {
        let keeper = ZooKeeper::start().await;
        let way = ChaosProxy::before(keeper.port).await;
        let server = replicating(way.port).await;
        let scene = ClickHouseHealthScene::on(&server, rules).await;
        for name in ["one", "two"] {
            // a lost session is noticed within a second rather than a minute
            let table = format!(
                "CREATE TABLE {name} (n UInt64, s String) ENGINE = ReplicatedMergeTree('/copied', '{name}') ORDER BY n \
                 SETTINGS zookeeper_session_expiration_check_period = 1"
            );
            scene.database.run(&table).await;
        }
        let host = scene.database.rows("SELECT hostName() AS host").await.remove(0);
        Self { host: host["host"].as_str().unwrap().to_owned(), scene, _server: server, way, _keeper: keeper }
    }

    /// What rules call `table`, or what `table` does.
    fn object(&self, table: &str) -> String {
        format!("{}.{table} on {}", self.scene.database.name, self.host)
    }

    /// Carries out what was printed.
    async fn apply(&self, issue: &Value) {
        let fix = issue["how_to_fix"].as_str().unwrap();
        for statement in fix.lines().filter(|line| !line.starts_with("--")) {
            self.scene.database.run(statement.trim_end_matches(';')).await;
        }
    }

    /// Waits until both have all of these.
    async fn have(&self, numbers: &[u64]) {
        for table in ["one", "two"] {
            let sql = format!("SELECT toUInt32(n) AS n FROM {table} ORDER BY n");
            self.scene
                .registered
                .collected(async || {
                    let answer = self.scene.database.ask_in(&self.scene.database.name, &sql).await;
                    let lines: Vec<u64> =
                        answer.iter().flat_map(|text| text.lines()).filter_map(|n| n.parse().ok()).collect();
                    if lines == numbers { Ok(()) } else { Err(answer) }
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_delayed_replica_is_reported_until_it_catches_up() {
    let rule = "replication.delay";
    let twins = Twins::watched_by(&json!({rule: {"threshold": 2}})).await;
    let database = &twins.scene.database;
    let object = twins.object("two");
    twins.scene.registered.wait_until_resolved(rule, &object).await;
    for (n, stop) in [(1, "SYSTEM STOP FETCHES"), (2, "SYSTEM STOP REPLICATION QUEUES")] {
        database.run(&format!("{stop} {}.two", database.name)).await;
        database.run(&format!("INSERT INTO one VALUES ({n}, 'x')")).await;
        let issue = twins.scene.registered.wait_for_issue(rule, &object).await;
        assert_eq!((&issue["evidence"], &issue["unit"]), (&json!([object]), &json!("seconds")), "{issue:#}");
        let detail = issue["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("{object} is ")), "{detail}");
        assert!(detail.ends_with(" behind, 1 entries in its queue"), "{detail}");
        twins.apply(&issue).await;
        twins.scene.registered.wait_until_resolved(rule, &object).await;
    }
    twins.have(&[1, 2]).await;
}

#[tokio::test]
async fn a_merge_that_lacks_its_parts_is_reported_until_they_are_fetched() {
    let rule = "replication.queue_errors";
    let twins = Twins::watched_by(&json!({rule: {"threshold": 3}})).await;
    let database = &twins.scene.database;
    for n in [1, 2] {
        database.run(&format!("INSERT INTO one VALUES ({n}, 'x')")).await;
    }
    twins.have(&[1, 2]).await;
    // a disk has lost what the other replica still has
    let parts =
        "SELECT path FROM system.parts WHERE database = currentDatabase() AND table = 'one' AND active";
    let path = database.rows(parts).await[0]["path"].as_str().unwrap().to_owned();
    fs::remove_dir_all(Path::new(&path)).unwrap();
    // the merge is not waited for
    let and_go = format!("{}&replication_alter_partitions_sync=0", database.name);
    database.ask_in(&and_go, "OPTIMIZE TABLE one FINAL").await.unwrap();
    let object = twins.object("one MERGE_PARTS");
    let issue = twins.scene.registered.wait_for_issue(rule, &object).await;
    assert_eq!((&issue["evidence"], &issue["severity"]), (&json!([object]), &json!("warning")), "{issue:#}");
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("MERGE_PARTS of {}.one was tried ", database.name)), "{detail}");
    assert!(detail.contains(" times: Code: "), "{detail}");
    assert_eq!(issue["how_to_fix"], format!("SYSTEM RESTART REPLICA {}.one;", database.name), "{issue:#}");
    twins.apply(&issue).await;
    twins.have(&[1, 2]).await;
    twins.scene.registered.wait_until_resolved(rule, &object).await;
    let left = "SELECT count() AS n FROM system.replication_queue WHERE database = currentDatabase()";
    twins
        .scene
        .registered
        .collected(async || match database.rows(left).await.remove(0)["n"].to_string().as_str() {
            "0" | "\"0\"" => Ok(()),
            left => Err(left.to_owned()),
        })
        .await;
    twins.scene.registered.wait_until_resolved(rule, &object).await;
}

/// This server knows no KILL MUTATION yet.
#[tokio::test]
async fn a_mutation_that_fails_on_all_replicas_is_reported_with_its_kill() {
    let rule = "replication.queue_errors";
    let twins = Twins::watched_by(&json!({rule: {"threshold": 2}})).await;
    let database = &twins.scene.database;
    database.run("INSERT INTO one VALUES (1, 'x')").await;
    twins.have(&[1]).await;
    database.run("ALTER TABLE two UPDATE s = toString(toUInt64(s)) WHERE n = 1").await;
    let [one, two] = ["one MUTATE_PART", "two MUTATE_PART"].map(|what| twins.object(what));
    twins.scene.registered.wait_for_issue(rule, &one).await;
    let issue = twins.scene.registered.wait_for_issue(rule, &two).await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains("Code: 6") && !detail.contains("'x'"), "{detail}");
    let kill = format!(
        "KILL MUTATION WHERE database = '{}' AND table = 'two' AND latest_fail_reason != '';",
        database.name
    );
    assert!(issue["how_to_fix"].as_str().unwrap().lines().any(|line| line == kill), "{issue:#}");
    // without what it fails at it has nothing to do
    database.run("ALTER TABLE one DROP PARTITION tuple()").await;
    twins.scene.registered.wait_until_resolved(rule, &one).await;
    twins.scene.registered.wait_until_resolved(rule, &two).await;
}

#[tokio::test]
async fn tables_are_read_only_while_keeper_is_unreachable() {
    let rule = "replication.read_only";
    let twins = Twins::watched_by(&json!({rule: {}})).await;
    let database = &twins.scene.database;
    let [one, two] = ["one", "two"].map(|table| twins.object(table));
    for by_itself in [true, false] {
        twins.scene.registered.wait_until_resolved(rule, &one).await;
        twins.scene.registered.wait_until_resolved(rule, &two).await;
        twins.way.set(Mode::Cut);
        twins.scene.registered.wait_for_issue(rule, &one).await;
        let issue = twins.scene.registered.wait_for_issue(rule, &two).await;
        assert_eq!((&issue["severity"], &issue["value"]), (&json!("critical"), &json!(2.0)), "{issue:#}");
        let detail = issue["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("{one} is read-only: its session with Keeper is lost")), "{detail}");
        assert!(database.ask_in(&database.name, "INSERT INTO one VALUES (1, 'x')").await.is_err());
        let fix = issue["how_to_fix"].as_str().unwrap();
        assert!(fix.starts_with("-- once Keeper answers\nSYSTEM RESTART REPLICA "), "{fix}");
        twins.way.set(Mode::Forward);
        if !by_itself {
            twins.apply(&issue).await;
        }
    }
    twins.scene.registered.wait_until_resolved(rule, &one).await;
    twins.scene.registered.wait_until_resolved(rule, &two).await;
    database.run("INSERT INTO one VALUES (1, 'x')").await;
    twins.have(&[1]).await;
}
