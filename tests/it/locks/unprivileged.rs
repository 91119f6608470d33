//! A role that may not see what others do.

use serde_json::Value;

use super::scene::{SEEN_WITHIN, Scene, lines_of};
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{TestDatabase, eventually};

const COLLECTORS: [&str; 4] = ["pg_locks", "pg_stat_activity", "pg_wait_events", "connections"];

#[tokio::test]
async fn each_collector_names_its_missing_grant_and_works_with_it() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let revoke = format!("revoke pg_monitor from {}", database.name);
    database.client().await.batch_execute(&revoke).await.unwrap();
    let mut scene = Scene::as_registered(database, TestDatabase::registration).await;
    let holder = scene.holds("holder", "lock table orders in share mode").await;
    let waiter = scene.waits("waiter", "update orders set note = 'x'").await;

    let root = scene.tree_of(holder.pid, 1).await;
    assert_eq!([&root["query_text"], &root["state"]], [&Value::Null, &Value::Null], "{root:#}");
    assert_eq!([&root["mode"], &root["relation_name"]], ["ShareLock", "orders"]);
    assert_eq!(root["blocked"][0]["pid"], waiter);
    let mut fix = String::new();
    for name in COLLECTORS {
        let line = eventually(SEEN_WITHIN, async || {
            let line = scene.registered.collector(name).await;
            if line["fix"].is_string() { Ok(line) } else { Err(line) }
        })
        .await;
        assert_eq!(line["state"], "ok", "{line}");
        line["fix"].as_str().unwrap().clone_into(&mut fix);
    }
    let shown = lines_of(&scene.registered.get("/active?limit=200").await, &[holder.pid, waiter]);
    assert!(shown.is_empty(), "of these nothing is known: {shown:#?}");

    scene.admin.batch_execute(&fix).await.unwrap();
    for name in COLLECTORS {
        eventually(SEEN_WITHIN, async || {
            let line = scene.registered.collector(name).await;
            if line["fix"].is_null() { Ok(()) } else { Err(line) }
        })
        .await;
    }
    eventually(SEEN_WITHIN, async || {
        let root = scene.tree_of(holder.pid, 1).await;
        let told = root["state"] == "idle in transaction" && root["query_text"].is_string();
        if told { Ok(()) } else { Err(root) }
    })
    .await;
}
