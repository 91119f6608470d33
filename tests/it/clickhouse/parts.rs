//! `/parts` and `/tables`: what the tables of ClickHouse hold, against its own views.

use std::time::Duration;

use basira_test_support::{ClickHouseOptions, ClickHouseServer};
use serde_json::{Value, json};

use crate::harness::clickhouse::{private, shared};
use crate::harness::postgres::{NEWEST, shared as shared_postgres};
use crate::harness::{ClickHouseDatabase, Organization, Registered, TestApp, TestDatabase};

/// A row to a part.
const ONE_BY_ONE: &str = "SETTINGS max_block_size = 1, max_insert_block_size = 1, min_insert_block_size_rows = 1, \
     min_insert_block_size_bytes = 1, max_threads = 1";

async fn watched(name: &str) -> (TestApp, ClickHouseDatabase, Registered) {
    let app = TestApp::start().await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let registered = Organization::verified(&app, name).await.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    (app, database, registered)
}

/// The lines of `view` about tables of `database` that are called `table`.
async fn lines(
    registered: &Registered,
    view: &str,
    database: &ClickHouseDatabase,
    table: &str,
) -> Vec<Value> {
    let all = registered.get(&format!("{view}?limit=500&database={}", database.name)).await;
    let is_ours = |line: &&Value| line["table"] == table || line["table_name"] == table;
    all.as_array().unwrap().iter().filter(is_ours).cloned().collect()
}

/// The only line about `table`, once `wanted` of it holds.
async fn line(
    registered: &Registered,
    view: &str,
    database: &ClickHouseDatabase,
    table: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    registered
        .collected(async || match &lines(registered, view, database, table).await[..] {
            [line] if wanted(line) => Ok(line.clone()),
            other => Err(other.to_vec()),
        })
        .await
}

/// What the server itself says of the active parts of `table`.
async fn own(database: &ClickHouseDatabase, table: &str) -> Value {
    let sql = format!(
        "SELECT uniqExact(partition_id) AS partitions, count() AS active_parts, sum(rows) AS rows, \
         sum(bytes_on_disk) AS bytes_on_disk, sum(data_compressed_bytes) AS bytes_compressed, \
         sum(data_uncompressed_bytes) AS bytes_uncompressed, any(engine) AS engine, hostName() AS host_name \
         FROM system.parts WHERE active AND database = currentDatabase() AND table = '{table}'"
    );
    database.rows(&sql).await.remove(0)
}

fn assert_same(line: &Value, own: &Value) {
    for (field, value) in own.as_object().unwrap() {
        assert_eq!(&line[field], value, "{field} of {line:#}");
    }
}

#[tokio::test]
async fn parts_are_counted_as_the_server_counts_them() {
    let (_app, database, registered) = watched("parts").await;
    database
        .run(
            "CREATE TABLE orders (day Date, tenant String, n UInt64) ENGINE = ReplacingMergeTree \
             PARTITION BY (tenant, toYYYYMM(day)) ORDER BY n SETTINGS parts_to_delay_insert = 40, old_parts_lifetime = 1",
        )
        .await;
    database.run("SYSTEM STOP MERGES orders").await;
    let insert = |day: &str, tenant: &str| {
        format!("INSERT INTO orders SELECT '{day}', '{tenant}', number FROM numbers(1000)")
    };
    for day in ["2026-09-01", "2026-10-01", "2026-10-02", "2026-10-03"] {
        database.run(&insert(day, "hunter2")).await;
    }
    let shown = line(&registered, "/parts", &database, "orders", |line| line["active_parts"] == 4).await;
    assert_same(&shown, &own(&database, "orders").await);
    assert_eq!(
        (&shown["max_parts_in_partition"], &shown["parts_to_throw_insert"]),
        (&json!(3), &json!(3000))
    );
    assert_eq!((&shown["parts_to_delay_insert"], &shown["detached_parts"]), (&json!(40), &json!(0)));
    let bytes = |field: &str| shown[field].as_f64().unwrap();
    let ratio = bytes("bytes_uncompressed") / bytes("bytes_compressed");
    assert!((shown["compression_ratio"].as_f64().unwrap() - ratio).abs() < 1e-9, "{shown:#}");
    let fullest = database
        .rows("SELECT partition_id AS id, toString(max(modification_time)) AS newest FROM system.parts WHERE active \
               AND database = currentDatabase() GROUP BY id ORDER BY count() DESC")
        .await;
    assert_eq!(shown["fullest_partition"], fullest[0]["id"]);
    let newest = fullest[0]["newest"].as_str().unwrap().replace(' ', "T") + ".000Z";
    assert_eq!(shown["last_modification"], newest.as_str());
    assert!(!shown.to_string().contains("hunter2"), "what is stored is shown: {shown:#}");

    // what another limit and another insert change is seen
    database.run("ALTER TABLE orders MODIFY SETTING parts_to_throw_insert = 77").await;
    database.run(&insert("2026-10-04", "hunter2")).await;
    let shown =
        line(&registered, "/parts", &database, "orders", |line| line["parts_to_throw_insert"] == 77).await;
    assert_same(&shown, &own(&database, "orders").await);
    let table = line(&registered, "/tables", &database, "orders", |line| line["n_live_tup"] == 5000).await;
    for field in [
        "engine",
        "active_parts",
        "bytes_compressed",
        "bytes_uncompressed",
        "compression_ratio",
        "max_parts_in_partition",
        "partitions",
    ] {
        assert_eq!(table[field], shown[field], "{field}");
    }
    assert_eq!(table["table_size_bytes"], shown["bytes_on_disk"]);
    assert!(table["seq_scan"].is_null() && table["n_dead_tup"].is_null() && table["last_vacuum"].is_null());
    let detail = registered.get(&format!("/tables/{}/orders", database.name)).await;
    let points = detail["timeseries"].as_array().unwrap();
    let last = points.last().unwrap();
    assert_eq!(
        (&last["rows"], &last["active_parts"], &last["max_parts_in_partition"]),
        (&json!(5000), &json!(5), &json!(4)),
        "{detail:#}"
    );
    assert_eq!(last["bytes_on_disk"], shown["bytes_on_disk"]);
    assert_eq!((&detail["schema_name"], &detail["indexes"]), (&json!(database.name), &json!(null)));
    assert_eq!(detail["parts"][0]["fullest_partition"], shown["fullest_partition"]);
}

#[tokio::test]
async fn three_thousand_parts_of_a_partition_are_one_row() {
    let (_app, database, registered) = watched("many-parts").await;
    for name in ["few", "many"] {
        let sql = format!(
            "CREATE TABLE {name} (n UInt64) ENGINE = MergeTree ORDER BY n \
             SETTINGS parts_to_throw_insert = 5000, parts_to_delay_insert = 4000"
        );
        database.run(&sql).await;
        database.run(&format!("SYSTEM STOP MERGES {name}")).await;
    }
    database.run(&format!("INSERT INTO few SELECT number FROM numbers(250) {ONE_BY_ONE}")).await;
    for _ in 0..12 {
        database.run("ALTER TABLE many ATTACH PARTITION ID 'all' FROM few").await;
    }
    let shown = line(&registered, "/parts", &database, "many", |line| line["active_parts"] == 3000).await;
    assert_same(&shown, &own(&database, "many").await);
    assert_eq!(
        (&shown["max_parts_in_partition"], &shown["fullest_partition"]),
        (&json!(3000), &json!("all"))
    );
    assert_eq!((&shown["parts_to_throw_insert"], &shown["partitions"]), (&json!(5000), &json!(1)));
    let first = registered.get(&format!("/parts?limit=1&database={}", database.name)).await;
    assert_eq!(first[0]["table"], "many", "the one nearest to its limit comes first");
    database.run("DROP TABLE many").await;
    database.run("DROP TABLE few").await;
}

#[tokio::test]
async fn tables_without_parts_are_listed() {
    let (_app, database, registered) = watched("engines").await;
    for sql in [
        "CREATE TABLE log (n UInt64) ENGINE = Log",
        "INSERT INTO log SELECT number FROM numbers(10)",
        "CREATE TABLE memory (n UInt64) ENGINE = Memory",
        "INSERT INTO memory SELECT number FROM numbers(20)",
        "CREATE TABLE empty (n UInt64) ENGINE = MergeTree ORDER BY n",
        "CREATE VIEW shown AS SELECT * FROM log",
        "CREATE TABLE `it's 100% \"q\"/\u{e9}` (n UInt64) ENGINE = MergeTree ORDER BY n",
        "INSERT INTO `it's 100% \"q\"/\u{e9}` VALUES (1)",
        "CREATE TABLE large (n UInt64, s String) ENGINE = MergeTree ORDER BY n",
        "INSERT INTO large SELECT number, randomString(100) FROM numbers(10000)",
    ] {
        database.run(sql).await;
    }
    line(&registered, "/tables", &database, "large", |line| line["n_live_tup"] == 10_000).await;
    let own = database
        .rows(
            "SELECT name, engine, total_rows AS rows, total_bytes AS bytes FROM system.tables \
               WHERE database = currentDatabase()",
        )
        .await;
    let shown = registered.get(&format!("/tables?database={}", database.name)).await;
    assert_eq!((shown.as_array().unwrap().len(), own.len()), (6, 6), "{shown:#}");
    for table in &own {
        let name = table["name"].as_str().unwrap();
        let line = &lines(&registered, "/tables", &database, name).await[0];
        assert_eq!(
            (&line["engine"], &line["n_live_tup"], &line["table_size_bytes"]),
            (&table["engine"], &table["rows"], &table["bytes"]),
            "{line:#}"
        );
        let has_parts = table["engine"] == "MergeTree";
        assert_eq!(line["active_parts"].is_null(), !has_parts, "{line:#}");
        assert_eq!(
            lines(&registered, "/parts", &database, name).await.len(),
            usize::from(has_parts),
            "{name}"
        );
    }
    assert_eq!(shown[0]["table_name"], "large", "the largest comes first");
    let by_rows =
        registered.get(&format!("/tables?sort_by=live_tuples&limit=2&database={}", database.name)).await;
    assert_eq!((by_rows[1]["table_name"].as_str(), by_rows.as_array().unwrap().len()), (Some("memory"), 2));
    let odd = registered.get(&format!("/tables/{}/it's%20100%25%20%22q%22%2F%C3%A9", database.name)).await;
    assert_eq!((&odd["n_live_tup"], &odd["active_parts"]), (&json!(1), &json!(1)), "{odd:#}");
    let log = registered.get(&format!("/tables/{}/log", database.name)).await;
    assert_eq!(
        (&log["timeseries"][0]["rows"], &log["timeseries"][0]["active_parts"]),
        (&json!(10), &json!(null))
    );
    registered.client.get(&format!("/databases/{}/tables/{}/none", registered.id, database.name), 404).await;
    let system = registered.get("/tables?limit=500&database=system").await;
    assert_eq!(system, json!([]), "the server's own tables are left out");
}

#[tokio::test]
async fn all_nodes_of_a_cluster_are_queried() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options =
        ClickHouseOptions { settings: ClickHouseServer::cluster_of(&[port]), native_port: Some(port) };
    let server = private(options).await;
    let database = ClickHouseDatabase::create(&server).await;
    database
        .run("CREATE TABLE orders (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS parts_to_throw_insert = 88")
        .await;
    database.run("INSERT INTO orders SELECT number FROM numbers(10)").await;
    database.run("ALTER TABLE orders DELETE WHERE throwIf(n = 7)").await;
    let app = TestApp::start().await;
    let mut body = database.registration();
    body["cluster"] = ClickHouseServer::CLUSTER.into();
    // a cluster is asked by somebody who may ask other servers
    (body["username"], body["password"]) = (ClickHouseServer::USER.into(), ClickHouseServer::PASSWORD.into());
    let registered = Organization::verified(&app, "nodes").await.register_as(&body).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;
    let shown = line(&registered, "/parts", &database, "orders", |line| line["active_parts"] == 1).await;
    assert_same(&shown, &own(&database, "orders").await);
    assert_eq!(
        (&shown["parts_to_throw_insert"], &shown["parts_to_delay_insert"]),
        (&json!(88), &json!(1000))
    );
    let table = line(&registered, "/tables", &database, "orders", |_| true).await;
    assert_eq!((&table["hosts"], &table["host_name"]), (&json!(1), &shown["host_name"]));
    registered
        .collected(async || {
            let mutations = registered.get("/mutations").await;
            if mutations[0]["stuck"] == true { Ok(()) } else { Err(mutations) }
        })
        .await;
    for name in ["ch_parts", "ch_merges", "ch_mutations"] {
        let collector = registered.collector(name).await;
        assert_eq!(
            (&collector["state"], &collector["reason"]),
            (&json!("ok"), &json!(null)),
            "{collector:#}"
        );
    }
}

#[tokio::test]
async fn routes_of_the_other_engine_are_refused_and_its_fields_absent() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "engine-mismatch").await;
    let postgres = TestDatabase::create(shared_postgres(NEWEST).await).await;
    let registered = organization.register(&postgres).await;
    for view in ["parts", "merges", "mutations"] {
        let refusal = registered.client.get(&format!("/databases/{}/{view}", registered.id), 400).await;
        assert_eq!(refusal["code"], "engine_mismatch", "{view}");
    }
    registered.connected().await;
    let overview = registered.get("/overview").await;
    assert!(overview.get("active_merges").is_none() && overview.get("dead_tuple_ratio").is_some());
    let clickhouse = ClickHouseDatabase::create(shared().await).await;
    let registered = organization.register_as(&clickhouse.registration()).await;
    let overview = registered.get("/overview").await;
    assert!(overview.get("active_merges").is_some() && overview.get("dead_tuple_ratio").is_none());
    registered.client.get(&format!("/databases/{}/indexes", registered.id), 400).await;
}
