//! `/database-stats`, `/archiver` and `/subscriptions` show what the server counts.

use std::time::Duration;

use basira_test_support::MAJORS;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

async fn watch(app: &TestApp, database: &TestDatabase) -> Registered {
    let registered =
        Organization::verified(app, &format!("org{}", database.name)).await.register(database).await;
    registered.connected().await;
    registered
}

/// The line of this database in `/database-stats`.
async fn stats(registered: &Registered, name: &str) -> Value {
    let lines = registered.get("/database-stats").await;
    let lines = lines.as_array().unwrap();
    lines.iter().find(|line| line["database_name"] == name).cloned().unwrap_or_default()
}

async fn counts_are_exact(major: u16) {
    let app = TestApp::start().await;
    let database = TestDatabase::create(shared(major).await).await;
    let registered = watch(&app, &database).await;
    let name = &database.name;
    registered
        .collected(async || {
            let runs = registered.collector("pg_stat_database").await["runs"].as_u64();
            if runs >= Some(2) { Ok(()) } else { Err(runs) }
        })
        .await;
    let admin = database.client().await;
    admin.batch_execute("create table pairs as select n from generate_series(1, 2) n").await.unwrap();
    admin.batch_execute("set work_mem = '64kB'; select count(*) from (select n from generate_series(1, 200000) n order by n desc) s").await.unwrap();
    for _ in 0..7 {
        admin.batch_execute("begin; insert into pairs values (3); rollback").await.unwrap();
    }
    deadlock(&database).await;
    drop(admin);
    let line = registered
        .collected(async || {
            let line = stats(&registered, name).await;
            let seen = line["deadlocks"] == 1
                && line["temp_files"].as_i64() >= Some(1)
                && line["rollbacks"].as_i64() >= Some(8);
            if seen { Ok(line) } else { Err(line) }
        })
        .await;
    assert!(line["temp_bytes"].as_i64() > Some(1_000_000), "{line:#}");
    assert!(line["tup_inserted"].as_i64() >= Some(9), "{line:#}");
    assert!(line["tps"].as_f64() > Some(0.0) && line["cache_hit_ratio"].as_f64() <= Some(1.0), "{line:#}");

    let admin = database.client().await;
    let counted = "select temp_files, temp_bytes, deadlocks from pg_stat_database where datname = $1";
    let counted = admin.query_one(counted, &[name]).await.unwrap();
    for (place, column) in ["temp_files", "temp_bytes", "deadlocks"].iter().enumerate() {
        assert_eq!(line[column], counted.get::<_, i64>(place), "{column} on {major}");
    }
    let servers = "select pg_database_size(oid), age(datfrozenxid)::int8 from pg_database where datname = $1";
    let row = admin.query_one(servers, &[name]).await.unwrap();
    let (size, shown) = (row.get::<_, i64>(0), line["size_bytes"].as_i64().unwrap());
    assert!(shown > 0 && shown <= size, "{shown} of {size} bytes");
    assert!(line["xid_age"].as_i64().unwrap() <= row.get::<_, i64>(1) && line["xid_age"].as_i64() > Some(0));

    let points = registered.get(&format!("/database-stats/timeseries?database={name}&bucket=2")).await;
    let points = points.as_array().unwrap();
    assert!(points.iter().all(|point| point["database_name"] == json!(name)), "{points:#?}");
    let deadlocks: i64 = points.iter().filter_map(|point| point["deadlocks"].as_i64()).sum();
    assert_eq!(deadlocks, 1, "{points:#?}");
}

/// Two transactions that wait for each other; the server ends one of them.
async fn deadlock(database: &TestDatabase) {
    let (one, two) = (database.client().await, database.client().await);
    one.batch_execute("create table left_side (n int); create table right_side (n int)").await.unwrap();
    for client in [&one, &two] {
        client.batch_execute("set deadlock_timeout = '50ms'; begin").await.unwrap();
    }
    one.batch_execute("lock table left_side").await.unwrap();
    two.batch_execute("lock table right_side").await.unwrap();
    let (first, second) =
        tokio::join!(one.batch_execute("lock table right_side"), two.batch_execute("lock table left_side"));
    assert!(first.is_err() != second.is_err(), "one of them is ended");
}

on_versions!(counts_are_exact: on_14 = 14, on_16 = 16, on_18 = 18);

#[tokio::test]
async fn a_failing_archive_command_is_reported_until_it_works_again() {
    let server = private(NEWEST, "archive_mode = on\narchive_command = 'false'").await;
    let app = TestApp::start().await;
    let database = TestDatabase::create(&server).await;
    let registered = watch(&app, &database).await;
    let admin = database.client().await;
    let switch = async || {
        admin
            .batch_execute("select pg_logical_emit_message(true, 'x', 'y'); select pg_switch_wal()")
            .await
            .unwrap();
    };
    switch().await;
    let failing = registered
        .collected(async || {
            let archiver = registered.get("/archiver").await;
            if archiver["failing"] == true && archiver["failed"].as_i64() > Some(0) {
                Ok(archiver)
            } else {
                Err(archiver)
            }
        })
        .await;
    assert!(failing["last_failed_wal"].as_str().unwrap().len() == 24, "{failing:#}");
    assert_eq!((&failing["archive_mode"], &failing["reason"]), (&json!("on"), &Value::Null));
    admin.batch_execute("alter system set archive_command = 'true'").await.unwrap();
    admin.batch_execute("select pg_reload_conf()").await.unwrap();
    switch().await;
    eventually(Duration::from_secs(90), async || {
        let client = &registered.client;
        let collect = client.request(reqwest::Method::POST, &format!("/databases/{}/collect", registered.id));
        collect.send().await.unwrap();
        let archiver = registered.get("/archiver").await;
        let works = archiver["failing"] == false && archiver["archived"].as_i64() > Some(0);
        if works { Ok(()) } else { Err(archiver) }
    })
    .await;
}

#[tokio::test]
async fn a_subscription_shows_its_worker() {
    for major in MAJORS {
        let server = private(major, "wal_level = logical").await;
        let app = TestApp::start().await;
        let (source, sink) = (TestDatabase::create(&server).await, TestDatabase::create(&server).await);
        let registered = watch(&app, &sink).await;
        let (from, to) = (source.client().await, sink.client().await);
        let table = "create table sold (n int primary key)";
        from.batch_execute(&format!("{table}; create publication sales for table sold")).await.unwrap();
        from.query("select pg_create_logical_replication_slot('sales', 'pgoutput')", &[]).await.unwrap();
        to.batch_execute(table).await.unwrap();
        let conninfo = format!("host=127.0.0.1 port={} user=postgres dbname={}", source.port, source.name);
        to.batch_execute(&format!(
            "create subscription bought connection '{conninfo}' publication sales \
             with (create_slot = false, slot_name = 'sales', copy_data = false)"
        ))
        .await
        .unwrap();
        from.batch_execute("insert into sold values (1)").await.unwrap();
        registered
            .collected(async || {
                let lines = registered.get("/subscriptions").await;
                let line = &lines[0];
                let works =
                    line["pid"].is_i64() && line["received_lsn"].is_string() && line["enabled"] == true;
                if works { Ok(()) } else { Err(lines) }
            })
            .await;
        // a row that cannot be applied
        to.batch_execute("insert into sold values (2)").await.unwrap();
        from.batch_execute("insert into sold values (2)").await.unwrap();
        if major >= 15 {
            registered
                .collected(async || {
                    let lines = registered.get("/subscriptions").await;
                    if lines[0]["apply_error_count"].as_i64() > Some(0) { Ok(()) } else { Err(lines) }
                })
                .await;
        }
    }
}
