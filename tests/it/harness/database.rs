//! A database and a monitoring role of a test's own, inside a server that others may share.

use basira_test_support::{PostgresServer, connect};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

/// One database; its name is that of its monitoring role too.
#[derive(Debug, Clone)]
pub(crate) struct TestDatabase {
    pub(crate) name: String,
    pub(crate) port: u16,
    superuser_dsn: String,
}

pub(crate) const MONITOR_PASSWORD: &str = "only-reads-statistics";

impl TestDatabase {
    pub(crate) async fn create(server: &PostgresServer) -> Self {
        let name = format!("t{}", Uuid::now_v7().simple());
        let admin = server.client().await.expect("a server that answers");
        for statement in [
            format!("create database {name}"),
            format!("create role {name} login password '{MONITOR_PASSWORD}' in role pg_monitor"),
        ] {
            admin.batch_execute(&statement).await.expect("a database of its own");
        }
        let superuser_dsn = format!("{}/{name}", server.dsn().trim_end_matches("/postgres"));
        Self { name, port: server.port(), superuser_dsn }
    }

    pub(crate) fn superuser_dsn(&self) -> &str {
        &self.superuser_dsn
    }

    /// A superuser's connection.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.superuser_dsn).await.expect("a database that answers")
    }

    /// The body that registers it.
    pub(crate) fn registration(&self) -> Value {
        self.registration_through(self.port)
    }

    /// The same, reached through another port of this machine.
    pub(crate) fn registration_through(&self, port: u16) -> Value {
        json!({
            "name": format!("{} by {port}", self.name), "engine": "postgres", "host": "127.0.0.1", "port": port,
            "database": self.name, "username": self.name, "password": MONITOR_PASSWORD, "tls": "disable",
            "poll_interval_seconds": 1,
        })
    }

    /// How many sessions the monitoring role has.
    pub(crate) async fn monitor_sessions(&self, admin: &Client) -> i64 {
        let count = "select count(*) from pg_stat_activity where usename = $1";
        admin.query_one(count, &[&self.name]).await.expect("an answer").get(0)
    }
}
