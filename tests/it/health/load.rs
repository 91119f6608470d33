//! A server that works hard and well is healthy.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::scene::{HealthScene, fully_examined, with_short_windows};
use crate::harness::holds_for;
use crate::harness::postgres::{NEWEST, private};

const BRANCHES: i32 = 10;
const ACCOUNTS: i32 = 100_000;
const CLIENTS: i32 = 4;

/// The tables of pgbench, as it makes them.
const TABLES: &str = "
    create table pgbench_branches (bid int not null, bbalance int, filler char(88)) with (fillfactor = 100);
    create table pgbench_tellers (tid int not null, bid int, tbalance int, filler char(84)) with (fillfactor = 100);
    create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84)) with (fillfactor = 100);
    create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
    insert into pgbench_branches select n, 0 from generate_series(1, 10) n;
    insert into pgbench_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, 100) n;
    insert into pgbench_accounts select n, (n - 1) / 10000 + 1, 0, '' from generate_series(1, 100000) n;
    alter table pgbench_branches add primary key (bid);
    alter table pgbench_tellers add primary key (tid);
    alter table pgbench_accounts add primary key (aid);
    analyze";

/// Transactions like those of TPC-B, one after the other, until it is aborted.
async fn transact(client: Client, seed: i32) {
    let update =
        client.prepare("update pgbench_accounts set abalance = abalance + $1 where aid = $2").await.unwrap();
    let read = client.prepare("select abalance from pgbench_accounts where aid = $1").await.unwrap();
    let teller =
        client.prepare("update pgbench_tellers set tbalance = tbalance + $1 where tid = $2").await.unwrap();
    let branch =
        client.prepare("update pgbench_branches set bbalance = bbalance + $1 where bid = $2").await.unwrap();
    let insert = "insert into pgbench_history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, now())";
    let insert = client.prepare(insert).await.unwrap();
    let mut next = seed;
    let mut random = move |below: i32| {
        next = next.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (next.rotate_right(16) & 0x7fff_ffff) % below + 1
    };
    loop {
        let (account, teller_id, branch_id, delta) =
            (random(ACCOUNTS), random(BRANCHES * 10), random(BRANCHES), random(10_000) - 5_000);
        client.batch_execute("begin").await.unwrap();
        client.execute(&update, &[&delta, &account]).await.unwrap();
        client.query_one(&read, &[&account]).await.unwrap();
        client.execute(&teller, &[&delta, &teller_id]).await.unwrap();
        client.execute(&branch, &[&delta, &branch_id]).await.unwrap();
        client.execute(&insert, &[&teller_id, &branch_id, &account, &delta]).await.unwrap();
        client.batch_execute("commit").await.unwrap();
    }
}

#[tokio::test]
async fn under_pgbench_a_server_scores_at_least_90() {
    let server = private(NEWEST, "fsync = on\nsynchronous_commit = off").await;
    let scene = HealthScene::on(&server, &json!({})).await;
    scene.admin.batch_execute(TABLES).await.unwrap();
    with_short_windows(&scene.registered).await;
    let mut crowd: Vec<JoinHandle<()>> = Vec::new();
    for seed in 0..CLIENTS {
        crowd.push(tokio::spawn(transact(scene.database.client().await, seed)));
    }
    fully_examined(&scene.registered).await;
    holds_for(Duration::from_secs(15), async || {
        let doctor = scene.registered.get("/doctor").await;
        assert!(doctor["score"].as_i64().unwrap() >= 90, "{doctor:#}");
        assert!(crowd.iter().all(|client| !client.is_finished()), "a client has failed");
    })
    .await;
    crowd.iter().for_each(JoinHandle::abort);
}
