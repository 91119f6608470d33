//! Rules about sessions and what they hold.

use serde_json::json;
use tokio_postgres::Client;

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, private, shared};

async fn pid(client: &Client) -> i32 {
    client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0)
}

/// Runs `sql` in a session of its own until it is done or ended.
fn in_background(client: Client, sql: &'static str) {
    tokio::spawn(async move { client.batch_execute(sql).await });
}

#[tokio::test]
async fn an_idle_transaction_is_named_until_it_is_terminated() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"transactions.idle": {"threshold": 1}})).await;
    let lazy = scene.database.client().await;
    let name = format!("pid {}", pid(&lazy).await);
    lazy.batch_execute("begin; select 1").await.unwrap();
    let issue = scene.registered.wait_for_issue("transactions.idle", &name).await;
    assert!(issue["detail"].as_str().unwrap().contains("has been idle in a transaction for"), "{issue}");
    assert_eq!(issue["severity"], "warning");
    scene.run(&format!("SELECT pg_terminate_backend({});", pid_of(&name))).await;
    assert!(
        issue["how_to_fix"].as_str().unwrap().contains(&format!("pg_terminate_backend({})", pid_of(&name)))
    );
    scene.registered.wait_until_resolved("transactions.idle", &name).await;
}

fn pid_of(name: &str) -> &str {
    name.strip_prefix("pid ").unwrap()
}

#[tokio::test]
async fn a_long_transaction_is_named_until_it_is_cancelled() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"transactions.long": {"threshold": 1}})).await;
    let client = scene.database.client().await;
    let name = format!("pid {}", pid(&client).await);
    in_background(client, "select pg_sleep(120)");
    let issue = scene.registered.wait_for_issue("transactions.long", &name).await;
    let fix = format!("SELECT pg_cancel_backend({});", pid_of(&name));
    assert!(issue["how_to_fix"].as_str().unwrap().contains(&fix), "{issue}");
    scene.run(&fix).await;
    scene.registered.wait_until_resolved("transactions.long", &name).await;
}

#[tokio::test]
async fn the_root_of_a_chain_of_locks_is_named() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"locks.blocked": {"threshold": 1}})).await;
    scene.admin.batch_execute("create table orders (n int); insert into orders values (1)").await.unwrap();
    let root = scene.database.client().await;
    let name = format!("pid {}", pid(&root).await);
    root.batch_execute("begin; update orders set n = 2").await.unwrap();
    for _ in 0..2 {
        in_background(scene.database.client().await, "update orders set n = 3");
    }
    let issue = scene.registered.wait_for_issue("locks.blocked", &name).await;
    let detail = issue["detail"].as_str().unwrap();
    assert!(detail.contains("blocks") && detail.contains("orders"), "{issue}");
    let fix = format!("SELECT pg_terminate_backend({});", pid_of(&name));
    assert!(issue["how_to_fix"].as_str().unwrap().contains(&fix), "{issue}");
    scene.run(&fix).await;
    scene.registered.wait_until_resolved("locks.blocked", &name).await;
}

#[tokio::test]
async fn an_old_prepared_transaction_is_named_until_it_is_rolled_back() {
    let server = private(NEWEST, "max_prepared_transactions = 5").await;
    let scene = HealthScene::on(&server, &json!({"transactions.prepared": {"threshold": 1}})).await;
    let prepare = "begin; create table half (n int); prepare transaction 'it''s lost'";
    scene.admin.batch_execute(prepare).await.unwrap();
    let issue = scene.registered.wait_for_issue("transactions.prepared", "it's lost").await;
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("transactions.prepared", "it's lost").await;
}

#[tokio::test]
async fn deadlocks_are_counted_by_database() {
    let rules = json!({"locks.deadlocks": {"threshold": 1, "window_seconds": 10}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    let table = "create table pair (id int primary key, n int); insert into pair values (1, 0), (2, 0)";
    scene.admin.batch_execute(table).await.unwrap();
    let (one, other) = (scene.database.client().await, scene.database.client().await);
    one.batch_execute("begin; update pair set n = 1 where id = 1").await.unwrap();
    other.batch_execute("begin; update pair set n = 1 where id = 2").await.unwrap();
    let both = tokio::join!(
        one.batch_execute("update pair set n = 1 where id = 2"),
        other.batch_execute("update pair set n = 1 where id = 1"),
    );
    assert!(both.0.is_err() != both.1.is_err(), "one of them is ended: {both:?}");
    drop((one, other));
    let name = scene.database.name.clone();
    let issue = scene.registered.wait_for_issue("locks.deadlocks", &name).await;
    assert!(issue["detail"].as_str().unwrap().contains("1 deadlocks in"), "{issue}");
    // whoever takes locks in one order has none; the window passes
    scene.registered.wait_until_resolved("locks.deadlocks", &name).await;
}
