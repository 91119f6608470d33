//! `/vacuum`: what is due, what runs, and who holds the horizon.

use basira_test_support::MAJORS;
use serde_json::Value;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

fn find<'a>(lines: &'a Value, key: &str, value: &str) -> Option<&'a Value> {
    lines.as_array().unwrap().iter().find(|line| line[key] == value)
}

/// Waits for the line of `part` that has this value, and is as `wanted`.
async fn shown(
    registered: &Registered,
    part: &str,
    (key, value): (&str, &str),
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    registered
        .collected(async || {
            let vacuum = registered.get("/vacuum?limit=500").await;
            match find(&vacuum[part], key, value) {
                Some(line) if wanted(line) => Ok(line.clone()),
                _ => Err(vacuum[part].clone()),
            }
        })
        .await
}

#[tokio::test]
async fn dead_tuples_are_compared_with_the_tables_own_vacuum_threshold() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "vacuum").await;
    for major in MAJORS {
        let database = TestDatabase::create(shared(major).await).await;
        let admin = database.client().await;
        admin
            .batch_execute(
                "create table neglected (n int) with (autovacuum_enabled = false);
                 create table tuned (n int, t text) with (autovacuum_vacuum_threshold = 7,
                   autovacuum_vacuum_scale_factor = 0.5, autovacuum_vacuum_insert_threshold = -1,
                   autovacuum_freeze_max_age = 150000000, autovacuum_enabled = false);
                 insert into neglected select generate_series(1, 1000);
                 insert into tuned select generate_series(1, 100), 'x'; analyze neglected, tuned",
            )
            .await
            .unwrap();
        // PostgreSQL 14 counts what a session did when that ends
        drop(admin);
        let work = database.client().await;
        work.batch_execute("delete from neglected; delete from tuned where n <= 20").await.unwrap();
        drop(work);
        let admin = database.client().await;
        let registered = organization.register(&database).await;
        let line =
            shown(&registered, "tables", ("table_name", "neglected"), |line| line["dead_tuples"] == 1000)
                .await;
        assert_eq!(line["autovacuum_enabled"], false);
        // 50 + 0.2 * 1000
        assert_eq!(
            (&line["vacuum_trigger"], &line["vacuum_trigger_pct"]),
            (&250.into(), &400.into()),
            "on {major}"
        );
        let tuned =
            shown(&registered, "tables", ("table_name", "tuned"), |line| line["dead_tuples"] == 20).await;
        assert_eq!(
            (&tuned["vacuum_trigger"], &tuned["insert_trigger"]),
            (&57.into(), &Value::Null),
            "on {major}"
        );
        assert_eq!(tuned["freeze_max_age"], 150_000_000);
        let ages = "select age(relfrozenxid)::int8, mxid_age(relminmxid)::int8 from pg_class where relname = 'tuned'";
        let row = admin.query_one(ages, &[]).await.unwrap();
        assert!(tuned["xid_age"].as_i64() <= Some(row.get(0)), "{tuned:#}");
        assert_eq!(tuned["mxid_age"].as_i64(), Some(row.get(1)), "{tuned:#}");
        assert!(tuned["toast_xid_age"].is_i64(), "{tuned:#}");

        let vacuum = registered.get("/vacuum").await;
        assert_eq!(vacuum["settings"]["autovacuum_vacuum_threshold"], "50");
        let own = find(&vacuum["databases"], "database_name", &database.name).unwrap();
        assert!(own["xid_age"].as_i64() > Some(0) && own["xid_pct"].as_f64() < Some(1.0), "{own:#}");
        admin.batch_execute("vacuum neglected").await.unwrap();
        let clean = |line: &Value| line["dead_tuples"] == 0 && line["last_vacuum"].is_string();
        shown(&registered, "tables", ("table_name", "neglected"), clean).await;
    }
}

#[tokio::test]
async fn on_18_the_vacuum_threshold_is_capped() {
    let server = private(NEWEST, "autovacuum_vacuum_max_threshold = 90\nautovacuum = off").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    admin
        .batch_execute("create table large as select generate_series(1, 1000) n; analyze large")
        .await
        .unwrap();
    admin.batch_execute("delete from large where n <= 99").await.unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "vacuum").await.register(&database).await;
    let line = shown(&registered, "tables", ("table_name", "large"), |line| line["dead_tuples"] == 99).await;
    assert_eq!((&line["vacuum_trigger"], &line["due"]), (&90.into(), &true.into()), "{line:#}");
    admin.batch_execute("alter table large set (autovacuum_vacuum_max_threshold = -1)").await.unwrap();
    shown(&registered, "tables", ("table_name", "large"), |line| line["vacuum_trigger"] == 250).await;
}

#[tokio::test]
async fn the_holder_of_the_xmin_horizon_is_named() {
    for major in [14, 16, NEWEST] {
        let server = private(major, "max_prepared_transactions = 5\nwal_level = logical").await;
        let database = TestDatabase::create(&server).await;
        let admin = database.client().await;
        for statement in [
            "create table held (n int)",
            "begin",
            "insert into held values (1)",
            "prepare transaction 'forgotten'",
        ] {
            admin.batch_execute(statement).await.unwrap();
        }
        let idle = database.client().await;
        idle.batch_execute(
            "set application_name = 'sleeper'; begin isolation level repeatable read; select 1",
        )
        .await
        .unwrap();
        let slot = "select pg_create_logical_replication_slot('stuck', 'pgoutput')";
        // a slot waits for all that runs, so it is made elsewhere and once those are known
        for _ in 0..5 {
            admin.batch_execute("insert into held values (2)").await.unwrap();
        }
        let app = TestApp::start().await;
        let registered = Organization::verified(&app, "vacuum").await.register(&database).await;
        let old = |line: &Value| line["age_xids"].as_i64() >= Some(5);
        let prepared = shown(&registered, "oldest_xmin", ("holder", "forgotten"), old).await;
        assert_eq!(prepared["kind"], "prepared_transaction");
        assert!(prepared["since"].is_string() && prepared["pid"].is_null(), "{prepared:#}");
        let sleeper = shown(&registered, "oldest_xmin", ("holder", "postgres sleeper"), old).await;
        assert_eq!(
            (sleeper["kind"].as_str(), sleeper["state"].as_str()),
            (Some("backend"), Some("idle in transaction"))
        );
        assert_eq!(sleeper["database_name"], database.name);

        idle.batch_execute("rollback").await.unwrap();
        admin.batch_execute("rollback prepared 'forgotten'").await.unwrap();
        admin.query(slot, &[]).await.unwrap();
        // the server may still be letting go of the slot when its maker has been answered
        let held =
            shown(&registered, "oldest_xmin", ("holder", "stuck"), |line| line["state"] == "inactive").await;
        assert_eq!(held["kind"], "replication_slot");
        let vacuum = registered.get("/vacuum").await;
        assert!(find(&vacuum["oldest_xmin"], "holder", "forgotten").is_none(), "{vacuum:#}");
    }
}

#[tokio::test]
async fn a_running_vacuum_shows_its_progress() {
    for major in [14, 17, NEWEST] {
        let database = TestDatabase::create(shared(major).await).await;
        let admin = database.client().await;
        admin
            .batch_execute("create table large with (autovacuum_enabled = false) as select n, repeat('x', 500) t from generate_series(1, 40000) n")
            .await
            .unwrap();
        admin.batch_execute("delete from large where n % 2 = 0").await.unwrap();
        let app = TestApp::start().await;
        let registered = Organization::verified(&app, "vacuum").await.register(&database).await;
        registered.connected().await;
        let slow = database.client().await;
        slow.batch_execute(
            "set vacuum_cost_delay = 50; set vacuum_cost_limit = 20; set track_io_timing = off",
        )
        .await
        .unwrap();
        let vacuum = tokio::spawn(async move { slow.batch_execute("vacuum large").await });
        let line =
            shown(&registered, "running", ("table_name", "large"), |line| line["progress_pct"].is_f64())
                .await;
        assert_eq!((line["command"].as_str(), &line["is_autovacuum"]), (Some("vacuum"), &false.into()));
        assert_eq!(line["database_name"], database.name);
        assert!(line["blocks_total"].as_i64() > Some(1000) && line["started_at"].is_string(), "{line:#}");
        assert_eq!(line["max_dead_tuple_bytes"].is_null(), major < 17, "{line:#}");
        vacuum.abort();
        let pid = i32::try_from(line["pid"].as_i64().unwrap()).unwrap();
        admin.query("select pg_cancel_backend($1)", &[&pid]).await.unwrap();
        registered
            .collected(async || {
                let vacuum = registered.get("/vacuum").await;
                if vacuum["running"].as_array().unwrap().is_empty() {
                    Ok(())
                } else {
                    Err(vacuum["running"].clone())
                }
            })
            .await;
    }
}
