//! Indexes that are missing: named with the right columns, tried where that is allowed, never made, gone once they are
//! there.

use basira_test_support::PostgresServer;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness::postgres::{shared, with_hypopg};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

/// A literal of the statements; shown nowhere.
const LITERAL: &str = "777001";

struct Scene {
    _app: TestApp,
    database: TestDatabase,
    registered: Registered,
    admin: Client,
}

/// A large table with a primary key only, and statements that want more.
async fn scene(server: &PostgresServer, before: &str) -> Scene {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "advice").await;
    let database = TestDatabase::create(server).await;
    let admin = database.client().await;
    let table =
        "create table orders as select n as id, n % 5000 as customer, n % 3000 as product, n % 3 as state,
            repeat('x', 40) as note from generate_series(1, 200000) n";
    let grant = format!("grant pg_read_all_data to {}", database.name);
    for sql in [table, "alter table orders add primary key (id)", "analyze orders", &grant, before] {
        admin.batch_execute(sql).await.unwrap();
    }
    for _ in 0..6 {
        for condition in
            ["customer = 777001", "customer = 777001 and product = 5 and state = 1", "id = 777001"]
        {
            let sql = format!("select count(note) from orders where {condition}");
            admin.batch_execute(&sql).await.unwrap();
        }
    }
    let registered = organization.register(&database).await;
    registered.connected().await;
    Scene { _app: app, database, registered, admin }
}

impl Scene {
    /// All advice, as soon as it is as `wanted`.
    async fn advice(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        self.registered
            .collected(async || {
                let lines = self.registered.get("/index-advice").await;
                let collector = self.registered.collector("index_advice").await;
                let lines = lines.as_array().unwrap().clone();
                let has_run = collector["state"] == "ok" && collector["runs"].as_u64() > Some(0);
                if has_run && wanted(&lines) { Ok(lines) } else { Err((lines, collector)) }
            })
            .await
    }

    async fn count(&self, sql: &str) -> i64 {
        self.admin.query_one(sql, &[]).await.unwrap().get(0)
    }
}

const INDEXES: &str = "select count(*) from pg_index where indrelid = 'orders'::regclass";

async fn an_index_is_advised_until_it_exists(major: u16) {
    let it = scene(shared(major).await, "select 1").await;
    let lines = it.advice(|lines| !lines.is_empty()).await;
    // what both statements need is one index; the primary key is there, and three states narrow nothing
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let line = &lines[0];
    assert_eq!((&line["schema_name"], &line["table_name"]), (&json!("public"), &json!("orders")));
    assert_eq!(line["columns"], json!(["customer", "product"]));
    assert_eq!(line["statements"].as_array().unwrap().len(), 2, "{line}");
    assert_eq!((&line["evidence"], &line["cost_after"]), (&json!("hypothesis"), &Value::Null));
    assert!(line["note"].as_str().unwrap().contains("hypopg is not installed"), "{line}");
    assert!(line["gain_pct"].as_f64().unwrap() > 70.0, "{line}");
    let create = "CREATE INDEX CONCURRENTLY ON public.orders (customer, product)";
    assert_eq!(line["create_sql"], create);
    let second = it.advice(|lines| lines.iter().any(|line| line["writes_per_second"].is_number())).await;
    assert_eq!(second.len(), 1);
    assert!(!serde_json::to_string(&lines).unwrap().contains(LITERAL));

    let object = format!("{}.public.orders (customer, product)", it.database.name);
    let issue = it.registered.wait_for_issue("indexes.advised", &object).await;
    assert_eq!(issue["severity"], "info", "{issue}");
    assert_eq!(it.count(INDEXES).await, 1, "an index was made");
    it.admin.batch_execute(issue["how_to_fix"].as_str().unwrap()).await.unwrap();
    let size = it.count("select pg_relation_size('orders_customer_product_idx')").await;
    let estimate = line["estimated_size_bytes"].as_i64().unwrap();
    assert!((size / 2..size * 4).contains(&estimate), "{estimate} for {size}");
    it.advice(<[Value]>::is_empty).await;
    it.registered.wait_until_resolved("indexes.advised", &object).await;
}

on_versions!(an_index_is_advised_until_it_exists: on_14 = 14, on_16 = 16, on_18 = 18);

#[tokio::test]
async fn hypopg_tries_an_index_where_that_is_allowed() {
    let server = with_hypopg().await;
    let it = scene(&server, "create extension hypopg").await;
    let lines = it.advice(|lines| !lines.is_empty()).await;
    assert_eq!(lines[0]["evidence"], "hypothesis", "{lines:#?}");
    assert!(lines[0]["note"].as_str().unwrap().contains("this is a primary"), "{lines:#?}");

    let path = format!("/databases/{}", it.registered.id);
    let changed = it.registered.client.patch(&path, &json!({"try_indexes_on_primary": true}), 200).await;
    assert_eq!(changed["try_indexes_on_primary"], true);
    let lines = it.advice(|lines| lines.iter().any(|line| line["evidence"] == "hypopg")).await;
    let line = &lines[0];
    assert_eq!((lines.len(), &line["columns"]), (1, &json!(["customer", "product"])), "{lines:#?}");
    let (before, after) = (line["cost_before"].as_f64().unwrap(), line["cost_after"].as_f64().unwrap());
    assert!(after > 0.0 && after < before / 2.0, "{line}");
    assert!(line["estimated_size_bytes"].as_i64().unwrap() > 1_000_000 && line["note"].is_null(), "{line}");
    assert_eq!(it.count(INDEXES).await, 1, "an index was made");

    let sql = line["create_sql"].as_str().unwrap();
    it.admin.batch_execute(sql).await.unwrap();
    it.advice(<[Value]>::is_empty).await;
}
