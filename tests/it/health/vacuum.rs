//! Rules about vacuum and what it prevents.

use serde_json::json;

use super::scene::{Busy, HealthScene, carry_out};
use crate::harness::postgres::{NEWEST, private, shared};

/// Takes as many transaction ids.
async fn burn(scene: &HealthScene, count: u32) {
    let sql = format!(
        "do $$ begin for i in 1..{count} loop perform pg_current_xact_id(); commit; end loop; end $$"
    );
    scene.database.client().await.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn dead_rows_of_an_unvacuumed_table_are_reported() {
    let rules = json!({"vacuum.dead_tuples": {}, "vacuum.behind": {}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    let table = "create table neglected with (autovacuum_enabled = false) as select n from generate_series(1, 50000) n";
    scene.admin.batch_execute(table).await.unwrap();
    scene.admin.batch_execute("analyze neglected").await.unwrap();
    scene.database.client().await.batch_execute("delete from neglected where n <= 45000").await.unwrap();

    let behind = scene.registered.wait_for_issue("vacuum.behind", "public.neglected").await;
    assert!(
        behind["detail"].as_str().unwrap().contains("autovacuum_enabled of the table is off"),
        "{behind}"
    );
    let dead = scene.registered.wait_for_issue("vacuum.dead_tuples", "public.neglected").await;
    assert!(dead["detail"].as_str().unwrap().contains("45,000 dead and 5,000 live rows"), "{dead}");
    assert!(dead["value"].as_f64().unwrap() > 4.0, "{dead}");

    scene.run(dead["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("vacuum.dead_tuples", "public.neglected").await;
    scene.registered.wait_until_resolved("vacuum.behind", "public.neglected").await;
}

#[tokio::test]
async fn a_table_without_autovacuum_is_reported_until_it_is_enabled() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"vacuum.behind": {}})).await;
    let table =
        "create table \"Off\" with (autovacuum_enabled = false) as select n from generate_series(1, 30000) n";
    scene.admin.batch_execute(table).await.unwrap();
    scene.database.client().await.batch_execute("delete from \"Off\"").await.unwrap();
    let behind = scene.registered.wait_for_issue("vacuum.behind", "public.Off").await;
    scene.run(behind["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("vacuum.behind", "public.Off").await;
}

/// A table of which nearly all rows are dead.
async fn wear_out(scene: &HealthScene, table: &str) {
    let make = format!("create table {table} as select n from generate_series(1, 30000) n");
    scene.admin.batch_execute(&make).await.unwrap();
    // a session tells of what it did when it ends
    scene.database.client().await.batch_execute(&format!("delete from {table} where n > 10")).await.unwrap();
}

#[tokio::test]
async fn disabled_autovacuum_is_reported_until_the_printed_fix_is_applied() {
    let server = private(NEWEST, "autovacuum = off\nautovacuum_naptime = 1s").await;
    let scene = HealthScene::on(&server, &json!({"vacuum.behind": {}, "vacuum.dead_tuples": {}})).await;
    wear_out(&scene, "dusty").await;
    let behind = scene.registered.wait_for_issue("vacuum.behind", "public.dusty").await;
    assert_eq!(behind["evidence"], json!(["public.dusty"]), "{behind}");
    let detail = behind["detail"].as_str().unwrap();
    assert!(detail.contains("gets none, because autovacuum is off"), "{detail}");
    scene.registered.wait_for_issue("vacuum.dead_tuples", "public.dusty").await;
    scene.run(behind["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("vacuum.behind", "public.dusty").await;
    // it has done its work
    scene.registered.wait_until_resolved("vacuum.dead_tuples", "public.dusty").await;
}

#[tokio::test]
async fn busy_autovacuum_workers_are_reported_until_the_printed_fix_is_applied() {
    // 0.4 s for each page
    let slow = "autovacuum_max_workers = 1\nautovacuum_naptime = 1s\nautovacuum_vacuum_cost_limit = 1\n\
                autovacuum_vacuum_cost_delay = 100ms";
    let server = private(NEWEST, slow).await;
    let scene = HealthScene::on(&server, &json!({"vacuum.behind": {}})).await;
    for table in ["first", "second", "third"] {
        wear_out(&scene, table).await;
    }
    let behind = scene.registered.wait_for_issue("vacuum.behind", "autovacuum_max_workers").await;
    let detail = behind["detail"].as_str().unwrap();
    assert!(detail.starts_with("all 1 autovacuum workers are busy while "), "{detail}");
    scene.run(behind["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("vacuum.behind", "autovacuum_max_workers").await;
    let swept = "select count(*) from pg_stat_user_tables where autovacuum_count > 0";
    scene
        .registered
        .collected(async || match scene.admin.query_one(swept, &[]).await.unwrap().get(0) {
            3_i64 => Ok(()),
            swept => Err(swept),
        })
        .await;
}

#[tokio::test]
async fn a_session_that_blocks_vacuum_is_named() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"vacuum.blocked": {"threshold": 500}})).await;
    let old = scene.database.client().await;
    let pid: i32 = old.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    old.batch_execute("begin isolation level repeatable read; select 1").await.unwrap();
    burn(&scene, 700).await;
    let name = format!("pid {pid}");
    let issue = scene.registered.wait_for_issue("vacuum.blocked", &name).await;
    let fix = format!("SELECT pg_terminate_backend({pid});");
    assert!(issue["how_to_fix"].as_str().unwrap().contains(&fix), "{issue}");
    scene.run(&fix).await;
    scene.registered.wait_until_resolved("vacuum.blocked", &name).await;
}

#[tokio::test]
async fn a_slot_or_prepared_transaction_that_blocks_vacuum_is_named() {
    let server = private(NEWEST, "wal_level = logical\nmax_prepared_transactions = 5").await;
    let scene = HealthScene::on(&server, &json!({"vacuum.blocked": {"threshold": 500}})).await;
    scene.run("select pg_create_logical_replication_slot('left_over', 'pgoutput')").await;
    let prepare = "begin; create table half (n int); prepare transaction 'it''s lost'";
    scene.admin.batch_execute(prepare).await.unwrap();
    burn(&scene, 700).await;
    let [prepared, slot] = ["prepared transaction it's lost", "slot left_over"];
    scene.registered.wait_for_issue("vacuum.blocked", prepared).await;
    let issue = scene.registered.wait_for_issue("vacuum.blocked", slot).await;
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("vacuum.blocked", prepared).await;
    scene.registered.wait_until_resolved("vacuum.blocked", slot).await;
}

/// Takes many multixact ids: each time a row is locked and then changed by a subtransaction.
const MULTIXACTS: &str = "do $$ begin
    for i in 1..400 loop
        perform 1 from shared_row where id = 1 for share;
        begin
            update shared_row set n = n + 1 where id = 1;
        exception when others then null;
        end;
        commit;
    end loop;
end $$";

#[tokio::test]
async fn wraparound_of_both_kinds_is_reported_until_rows_are_frozen() {
    let server = private(NEWEST, "").await;
    let rules = json!({
        "vacuum.xid_wraparound": {"threshold": 0.0003, "window_seconds": 40},
        "vacuum.multixact_wraparound": {"threshold": 0.00001},
    });
    let scene = HealthScene::on(&server, &rules).await;
    let name = scene.database.name.clone();
    scene.registered.wait_until_resolved("vacuum.xid_wraparound", &name).await;
    scene.registered.wait_until_resolved("vacuum.multixact_wraparound", &name).await;
    scene
        .admin
        .batch_execute("create table shared_row (id int, n int); insert into shared_row values (1, 0)")
        .await
        .unwrap();
    scene.database.client().await.batch_execute(MULTIXACTS).await.unwrap();
    burn(&scene, 8_000).await;
    scene.registered.wait_for_issue("vacuum.multixact_wraparound", &name).await;
    let burning = Busy::with(
        scene.database.client().await,
        "do $$ begin for i in 1..50 loop perform pg_current_xact_id(); commit; end loop; end $$",
    );
    let forecast = "transaction IDs; at this rate the rest lasts ";
    let issue = scene.registered.wait_for_issue_with("vacuum.xid_wraparound", &name, forecast).await;
    drop(burning);
    let fix = format!("-- in database {name}\nVACUUM (FREEZE);");
    assert!(issue["how_to_fix"].as_str().unwrap().contains(&fix), "{issue}");
    carry_out(&scene.admin, &fix).await;
    scene.registered.wait_until_resolved("vacuum.xid_wraparound", &name).await;
    scene.registered.wait_until_resolved("vacuum.multixact_wraparound", &name).await;
}

#[tokio::test]
async fn a_vacuum_holds_back_nobody_and_temporary_tables_are_their_sessions_own() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({})).await;
    wear_out(&scene, "large").await;
    let owner = scene.database.client().await;
    owner.batch_execute("create temp table mine as select n from generate_series(1, 30000) n").await.unwrap();
    owner.batch_execute("delete from mine").await.unwrap();
    let holder = scene.database.client().await;
    let pid: i32 = holder.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    holder.batch_execute("begin isolation level repeatable read; select 1").await.unwrap();
    let vacuum = scene.database.client().await;
    let vacuum_pid: i32 = vacuum.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let slow = "set vacuum_cost_delay = 100; set vacuum_cost_limit = 1; vacuum (freeze) large";
    let running = async {
        for statement in slow.split("; ") {
            vacuum.batch_execute(statement).await.unwrap();
        }
    };
    let seen = scene.registered.collected(async || {
        let shown = scene.registered.get("/vacuum?limit=500").await;
        let lists =
            |list: &str, pid: i32| shown[list].as_array().unwrap().iter().any(|line| line["pid"] == pid);
        if lists("running", vacuum_pid) && lists("oldest_xmin", pid) { Ok(shown) } else { Err(shown) }
    });
    let shown = tokio::select! { () = running => panic!("vacuumed too fast"), shown = seen => shown };
    let holds = shown["oldest_xmin"].as_array().unwrap().iter().any(|line| line["pid"] == vacuum_pid);
    assert!(!holds, "{shown:#}");
    let tables = shown["tables"].as_array().unwrap();
    assert!(tables.iter().any(|line| line["table_name"] == "large"), "{shown:#}");
    assert!(!tables.iter().any(|line| line["table_name"] == "mine"), "{shown:#}");
}
