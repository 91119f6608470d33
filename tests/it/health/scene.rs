//! One watched database for the tests of rules.

use basira::demo::servers::{ClickHouseServer, PostgresServer};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness::clickhouse::ClickHouseDatabase;
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

/// A PostgreSQL database whose rules are set as a test wants them.
pub(super) struct Ward {
    _app: TestApp,
    pub(super) database: TestDatabase,
    pub(super) registered: Registered,
    /// A superuser's connection to it.
    pub(super) admin: Client,
}

impl Ward {
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
        Self { _app: app, database, registered, admin }
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

/// A ClickHouse database whose rules are set as a test wants them.
pub(super) struct ClickHouseWard {
    _app: TestApp,
    pub(super) database: ClickHouseDatabase,
    pub(super) registered: Registered,
}

impl ClickHouseWard {
    /// As [`Ward::on`].
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
