//! Clients of the shop's ClickHouse: many small inserts, reports of which one is slow, and a mutation that always fails.

use std::time::Duration;

use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::error::DemoError;
use super::client::think;
use basira_servers::ClickHouseServer;

const SCHEMA: [&str; 4] = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.page_view (at DateTime DEFAULT now(), customer UInt32, path LowCardinality(String), took_ms UInt32) \
     ENGINE = MergeTree PARTITION BY toStartOfHour(at) ORDER BY (path, at)",
    "INSERT INTO shop.page_view SELECT now() - number % 7200, number % 5000, ['/', '/cart', '/checkout', '/search'][number % 4 + 1], \
     rand() % 900 FROM numbers(3000000)",
    // fails at one row, at each retry
    "ALTER TABLE shop.page_view UPDATE took_ms = throwIf(customer = 4997, 'no such customer') WHERE path = '/cart'",
];
const SMALL_INSERT: &str = "INSERT INTO shop.page_view (customer, path, took_ms) \
    SELECT rand() % 5000, '/search', rand() % 900 FROM numbers(20)";
const REPORT: &str =
    "SELECT path, count(), quantile(0.95)(took_ms) FROM shop.page_view GROUP BY path ORDER BY path";
const SLOW_REPORT: &str = "SELECT customer, uniqExact(path, took_ms), groupArray(took_ms) FROM shop.page_view \
    GROUP BY customer ORDER BY 2 DESC LIMIT 10 SETTINGS max_threads = 1";
const MISTAKE: &str = "SELECT visitor FROM shop.page_view";

/// Sends statements to one server.
#[derive(Clone)]
struct Sender {
    http: Client,
    url: String,
}

impl Sender {
    async fn send(&self, sql: &str) -> Result<(), DemoError> {
        let request = self.http.post(&self.url).header("X-ClickHouse-User", ClickHouseServer::USER);
        let request = request.header("X-ClickHouse-Key", ClickHouseServer::PASSWORD).body(sql.to_owned());
        let response = request.send().await?;
        let (status, path) = (response.status(), "the demo's ClickHouse".to_owned());
        if status.is_success() {
            return Ok(());
        }
        Err(DemoError::Refused { path, status: status.as_u16(), body: response.text().await? })
    }

    /// Sends `sql` again and again; failures are expected.
    async fn repeat(self, sql: &'static str, pause: Duration) {
        loop {
            if self.send(sql).await.is_err() {
                sleep(pause).await;
            }
            think(pause).await;
        }
    }
}

/// Creates and fills the tables, and starts the clients; dropping the result stops them.
pub(in crate::demo) async fn start(server: &ClickHouseServer) -> Result<JoinSet<()>, DemoError> {
    let sender = Sender { http: Client::new(), url: format!("http://127.0.0.1:{}/", server.port()) };
    for statement in SCHEMA {
        sender.send(statement).await?;
    }
    let mut clients = JoinSet::new();
    for (statement, pause) in [
        (SMALL_INSERT, Duration::from_millis(400)),
        (REPORT, Duration::from_millis(900)),
        (SLOW_REPORT, Duration::from_secs(3)),
        (MISTAKE, Duration::from_secs(10)),
    ] {
        clients.spawn(sender.clone().repeat(statement, pause));
    }
    Ok(clients)
}
