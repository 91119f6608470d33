//! One watched database for the tests of rules.

use std::time::Duration;

use basira_test_support::{ClickHouseServer, PostgresServer};
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::harness::clickhouse::ClickHouseDatabase;
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

/// A PostgreSQL database whose rules are set as a test wants them.
pub(super) struct HealthScene {
    pub(super) app: TestApp,
    pub(super) database: TestDatabase,
    pub(super) registered: Registered,
    /// A superuser's connection to it.
    pub(super) admin: Client,
}

impl HealthScene {
    /// `rules` are set from the start, each without waiting for it to last.
    pub(super) async fn on(server: &PostgresServer, rules: &Value) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "health").await;
        let database = TestDatabase::create(server).await;
        let admin = database.client().await;
        let mut registration = database.registration();
        registration["rules"] = at_once(rules);
        let registered = organization.register_as(&registration).await;
        registered.connected().await;
        Self { app, database, registered, admin }
    }

    /// Carries out SQL that a fix or a trouble consists of, statement by statement.
    pub(super) async fn run(&self, sql: &str) {
        carry_out(&self.admin, sql).await;
    }
}

/// Each statement by itself: some refuse to run in a transaction with others.
pub(super) async fn carry_out(client: &Client, sql: &str) {
    for statement in sql.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// A client that runs the same again and again, failing or not, until this is dropped or its connection is lost.
pub(super) struct Busy(JoinHandle<()>);

impl Busy {
    pub(super) fn with(client: Client, sql: &str) -> Self {
        let sql = sql.to_owned();
        Self(tokio::spawn(async move {
            while !client.is_closed() {
                let _ = client.batch_execute(&sql).await;
                sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A ClickHouse database whose rules are set as a test wants them.
pub(super) struct ClickHouseHealthScene {
    _app: TestApp,
    pub(super) database: ClickHouseDatabase,
    pub(super) registered: Registered,
}

impl ClickHouseHealthScene {
    /// As [`HealthScene::on`].
    pub(super) async fn on(server: &ClickHouseServer, rules: &Value) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "health").await;
        let database = ClickHouseDatabase::create(server).await;
        let mut registration = database.registration();
        registration["rules"] = at_once(rules);
        let registered = organization.register_as(&registration).await;
        Self { _app: app, database, registered }
    }

    /// The same for all nodes of a cluster that `server` is one of.
    pub(super) async fn on_cluster(server: &ClickHouseServer, cluster: &str, rules: &Value) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "health").await;
        let database = ClickHouseDatabase::create(server).await;
        let mut registration = database.registration();
        (registration["rules"], registration["cluster"]) = (at_once(rules), json!(cluster));
        let registered = organization.register_as(&registration).await;
        Self { _app: app, database, registered }
    }
}

fn at_once(rules: &Value) -> Value {
    let mut rules = rules.clone();
    for setting in rules.as_object_mut().into_iter().flat_map(|rules| rules.values_mut()) {
        setting["for_seconds"] = json!(0);
    }
    rules
}

/// Lets every rule that looks at a span look at seconds: else half an hour would have to pass before it is evaluated.
pub(super) async fn with_short_windows(registered: &Registered) {
    let engine = registered.get("").await["engine"].clone();
    let rules = registered.client.get("/rules", 200).await;
    let mut short = Map::new();
    for rule in rules.as_array().unwrap() {
        let spans = ["window_seconds", "baseline_seconds"].into_iter().filter(|name| rule[name].is_u64());
        let setting: Map<String, Value> = spans.map(|name| (name.to_owned(), json!(15))).collect();
        if !setting.is_empty() && (rule["engine"] == engine || rule["engine"].is_null()) {
            short.insert(rule["id"].as_str().unwrap().to_owned(), Value::Object(setting));
        }
    }
    let path = format!("/databases/{}", registered.id);
    registered.client.patch(&path, &json!({"rules": short}), 200).await;
}

/// Waits until the spans that the rules look at are covered; what the doctor says then.
pub(super) async fn fully_examined(registered: &Registered) -> Value {
    registered
        .collected(async || {
            let doctor = registered.get("/doctor").await;
            let lines = doctor["not_evaluated"].as_array().unwrap();
            let waits = |line: &&Value| line["reason"].as_str().unwrap().contains("are stored so far");
            let waiting: Vec<Value> = lines.iter().filter(waits).cloned().collect();
            if doctor["score"].is_number() && waiting.is_empty() { Ok(doctor) } else { Err(waiting) }
        })
        .await
}
