//! Against the server's own views.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{SECRET, SEEN_WITHIN, Scene, lines_of};
use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{ChaosProxy, Mode, TestDatabase, eventually};

/// A row, a table and an advisory lock, each with somebody behind it.
async fn locks_are_those_of_the_server(major: u16) {
    let mut scene = Scene::on(shared(major).await).await;
    let row = "update orders set note = '{SECRET}' where id = 1".replace("{SECRET}", SECRET);
    let holder = scene.holds("holder", &row).await;
    let second = scene.waits("second", &row).await;
    let third = scene.waits("third", &row).await;
    let table = scene.waits("table", "begin; lock table orders in access exclusive mode").await;
    let advisor = scene.holds("advisor", "select pg_advisory_lock(815, 7)").await;
    let advised = scene.waits("advised", "select pg_advisory_lock(815, 7)").await;
    let pids = [holder.pid, second, third, table, advisor.pid, advised];

    eventually(SEEN_WITHIN, async || {
        let (ours, servers) = (shown(&scene, &pids).await, in_the_server(&scene, &pids).await);
        if ours == servers { Ok(()) } else { Err((ours, servers)) }
    })
    .await;
    let list = lines_of(&scene.registered.get("/locks?limit=500").await, &pids);
    assert!(!json!(list).to_string().contains(SECRET), "a literal got out: {list:#?}");
    let first_granted = list.iter().position(|line| line["granted"] == true).unwrap();
    assert!(list[first_granted..].iter().all(|line| line["granted"] == true), "waits are not first");
    let waits: Vec<i64> =
        list[..first_granted].iter().map(|line| line["duration_ms"].as_i64().unwrap()).collect();
    assert!(waits.len() == 4 && waits.is_sorted_by(|a, b| a >= b), "{waits:?}");
    for (pid, blocker, kind) in [
        (second, holder.pid, "transactionid"),
        (third, second, "tuple"),
        (table, holder.pid, "relation"),
        (advised, advisor.pid, "advisory"),
    ] {
        let line = list.iter().find(|line| line["pid"] == pid).unwrap();
        assert_eq!((&line["lock_type"], &line["blocked_by_pid"]), (&json!(kind), &json!(blocker)), "{line}");
        let relation = if kind == "advisory" { Value::Null } else { json!("orders") };
        assert_eq!(line["relation_name"], relation, "{line}");
    }
    trees_are_right(&scene, [holder.pid, second, third, table], [advisor.pid, advised]).await;
}

/// The holder has the second behind it, with the third behind that, and the table's.
async fn trees_are_right(scene: &Scene, [holder, second, third, table]: [i64; 4], advice: [i64; 2]) {
    let root = scene.tree_of(holder, 3).await;
    assert_eq!([&root["state"], &root["application_name"]], ["idle in transaction", "holder"]);
    assert_eq!([&root["lock_type"], &root["wait_ms"]], [&json!("transactionid"), &Value::Null]);
    assert_eq!([&root["relation_name"], &root["deadlock"]], [&json!("orders"), &json!(false)]);
    let age = root["transaction_ms"].as_i64().unwrap();
    let longest = root["longest_wait_ms"].as_i64().unwrap();
    assert!(age >= longest && longest > 0, "{root:#}");
    let behind = |node: &Value| -> Vec<i64> {
        node["blocked"].as_array().unwrap().iter().map(|node| node["pid"].as_i64().unwrap()).collect()
    };
    assert_eq!(behind(&root), [second, table]);
    assert_eq!(behind(&root["blocked"][0]), [third]);
    assert_eq!(root["blocked"][0]["wait_ms"], longest);
    let everybody = root["blocked"][1]["blocking_pids"].as_array().unwrap().len();
    assert_eq!(everybody, 3, "the table is locked by all three");
    let root = scene.tree_of(advice[0], 1).await;
    assert_eq!(behind(&root), [advice[1]]);
    assert_eq!([&root["lock_type"], &root["mode"]], ["advisory", "ExclusiveLock"]);
}

type Line = (i64, String, String, bool);

async fn shown(scene: &Scene, pids: &[i64]) -> BTreeSet<Line> {
    let list = scene.registered.get("/locks?limit=500").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |line: Value| {
        let granted = line["granted"].as_bool().unwrap();
        (line["pid"].as_i64().unwrap(), text(&line["lock_type"]), text(&line["mode"]), granted)
    };
    lines_of(&list, pids).into_iter().map(line).collect()
}

/// What is waited for, what is held on relations, and what is held of the same things.
async fn in_the_server(scene: &Scene, pids: &[i64]) -> BTreeSet<Line> {
    let sql = "select l.pid::int8, l.locktype, l.mode, l.granted from pg_locks l where l.pid = any($1::int8[]) \
               and (not l.granted or l.locktype = 'relation' or exists (select from pg_locks w where not w.granted \
               and (w.locktype, w.database, w.relation, w.page, w.tuple, w.transactionid, w.objid, w.objsubid) \
               is not distinct from \
               (l.locktype, l.database, l.relation, l.page, l.tuple, l.transactionid, l.objid, l.objsubid)))";
    let rows = scene.admin.query(sql, &[&pids]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

on_every_version!(locks_are_those_of_the_server);

#[tokio::test]
async fn a_prepared_transaction_is_named_where_it_blocks() {
    let server = private(NEWEST, "max_prepared_transactions = 2").await;
    let mut scene = Scene::on(&server).await;
    let prepare = "begin; update orders set note = 'x' where id = 1; prepare transaction 'forgotten'";
    scene.session("gone").await.client.batch_execute(prepare).await.unwrap();
    let waiter = scene.waits("waiter", "update orders set note = 'y' where id = 1").await;
    let root = scene.tree_of(0, 1).await;
    assert_eq!([&root["state"], &root["prepared_transaction"]], ["prepared", "forgotten"]);
    assert_eq!(root["blocked"][0]["pid"], waiter);
    scene.admin.batch_execute("rollback prepared 'forgotten'").await.unwrap();
    scene.all_done().await;
}

#[tokio::test]
async fn a_deadlock_is_marked_in_its_tree() {
    let mut scene = Scene::on(shared(NEWEST).await).await;
    let patient = "set deadlock_timeout = '60s'; begin; select pg_advisory_lock";
    let first = scene.session("first").await;
    first.client.batch_execute(&format!("{patient}(4711, 1)")).await.unwrap();
    let second =
        scene.waits("second", &format!("{patient}(4711, 2); select pg_advisory_lock(4711, 1)")).await;
    let cancel = first.client.cancel_token();
    let pid = first.pid;
    let circle = tokio::spawn(async move {
        first.client.batch_execute("select pg_advisory_lock(4711, 2)").await.unwrap_err();
    });
    let root = scene.tree_of(pid.min(second), 1).await;
    assert_eq!([&root["deadlock"], &root["blocking_pids"]], [&json!(true), &json!([pid.max(second)])]);
    cancel.cancel_query(tokio_postgres::NoTls).await.unwrap();
    circle.await.unwrap();
    scene.all_done().await;
}

#[tokio::test]
async fn an_unreachable_server_gives_a_reason_and_no_locks() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let proxy = ChaosProxy::before(database.port).await;
    let scene = Scene::as_registered(database, |database| database.registration_through(proxy.port)).await;
    eventually(SEEN_WITHIN, async || {
        let connections = scene.registered.get("/connections").await;
        if connections["now"]["total"].is_i64() { Ok(()) } else { Err(connections) }
    })
    .await;
    proxy.set(Mode::Cut);
    scene.registered.status_becomes("disconnected", SEEN_WITHIN).await;
    for view in ["locks", "locks/tree"] {
        let path = format!("/databases/{}/{view}", scene.registered.id);
        let answer = scene.registered.client.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().contains_key("x-unavailable-reason"), "{view}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!([]), "{view}");
    }
    let connections = scene.registered.get("/connections").await;
    assert_eq!(connections["now"], Value::Null);
    assert!(connections["unavailable"].is_string(), "{connections}");
}
