//! A real ClickHouse: one shared by all tests, and private ones for tests that break theirs.

use std::fmt::Display;
use std::net::TcpListener;

use basira_test_support::{
    ClickHouseDistribution, ClickHouseOptions, ClickHouseServer, fetch_oldest_clickhouse,
};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

static SHARED: OnceCell<ClickHouseServer> = OnceCell::const_new();

/// The server that all tests share: use a database of your own in it.
pub(crate) async fn shared() -> &'static ClickHouseServer {
    SHARED.get_or_init(|| private(ClickHouseOptions::default())).await
}

/// A server of its own for a test that will hurt it or needs `options`; it has the logs all the same.
pub(crate) async fn private(options: ClickHouseOptions) -> ClickHouseServer {
    let options =
        ClickHouseOptions { settings: ClickHouseServer::LOGS.to_owned() + &options.settings, ..options };
    ClickHouseServer::start_with(&distribution().await, options).await.expect("a server of its own")
}

/// The oldest version there is.
pub(crate) async fn oldest() -> ClickHouseServer {
    oldest_with("").await
}

/// The same with `settings`; unlike the embedded newer one, it can speak TLS.
pub(crate) async fn oldest_with(settings: &str) -> ClickHouseServer {
    let distribution = fetched(fetch_oldest_clickhouse).await;
    let settings = ClickHouseServer::LOGS.to_owned() + settings;
    let options = ClickHouseOptions { settings, ..ClickHouseOptions::default() };
    ClickHouseServer::start_with(&distribution, options).await.expect("an old server")
}

/// One whose tables replicate each other with the help of the Keeper on this port: the oldest version, because the embedded
/// newer one cannot be asked for parts.
pub(crate) async fn replicating(keeper_port: u16) -> ClickHouseServer {
    let listeners = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    let [native, between] = listeners.map(|listener| listener.local_addr().expect("an address").port());
    oldest_with(&format!(
        "<tcp_port>{native}</tcp_port><interserver_http_port>{between}</interserver_http_port>\
         <zookeeper><node><host>127.0.0.1</host><port>{keeper_port}</port></node></zookeeper>"
    ))
    .await
}

/// Servers that are nodes of one cluster.
pub(crate) async fn cluster<const NODES: usize>() -> [ClickHouseServer; NODES] {
    let listeners = [(); NODES].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    let nodes = listeners.map(|listener| listener.local_addr().expect("an address").port());
    let start = |port| {
        private(ClickHouseOptions { settings: ClickHouseServer::cluster_of(&nodes), native_port: Some(port) })
    };
    let servers = join_all(nodes.map(start)).await;
    servers.try_into().unwrap_or_else(|_| panic!("as many servers as nodes"))
}

async fn distribution() -> ClickHouseDistribution {
    fetched(ClickHouseDistribution::fetch).await
}

async fn fetched<E: Display + Send + 'static>(
    fetch: fn() -> Result<ClickHouseDistribution, E>,
) -> ClickHouseDistribution {
    let fetched = tokio::task::spawn_blocking(fetch).await;
    fetched.expect("the fetch does not panic").unwrap_or_else(|error| panic!("{error}"))
}

/// A database of a test's own, and who asks it.
#[derive(Debug, Clone)]
pub(crate) struct ClickHouseDatabase {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) client: Client,
}

impl ClickHouseDatabase {
    pub(crate) async fn create(server: &ClickHouseServer) -> Self {
        let name = format!("t{}", Uuid::now_v7().simple());
        let database = Self { name, port: server.port(), client: Client::new() };
        database.ask_in("default", &format!("CREATE DATABASE {}", database.name)).await.expect("a database");
        database
    }

    /// Runs `sql` as somebody who may do everything.
    pub(crate) async fn run(&self, sql: &str) {
        self.ask_in(&self.name, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The rows of `sql`, each by the names of its columns; 64-bit integers are numbers.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        let text = self
            .ask_in(&self.name, &format!("{sql} FORMAT JSON"))
            .await
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        match answer["data"].take() {
            Value::Array(rows) => rows,
            other => panic!("{other}"),
        }
    }

    /// What the server answers, or its exception.
    pub(crate) async fn ask_in(&self, database: &str, sql: &str) -> Result<String, String> {
        let request = self
            .client
            .post(format!("http://127.0.0.1:{}/?database={database}", self.port))
            .header("X-ClickHouse-User", ClickHouseServer::USER)
            .header("X-ClickHouse-Key", ClickHouseServer::PASSWORD)
            .body(sql.to_owned());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let well = answer.status().is_success();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if well { Ok(text) } else { Err(text) }
    }

    /// The body that registers it for another user than `monitor`.
    pub(crate) fn registration_as(&self, user: &str) -> Value {
        let mut body = self.registration();
        body["username"] = json!(user);
        body
    }

    /// The body that registers it, for the user `monitor`.
    pub(crate) fn registration(&self) -> Value {
        self.registration_through(self.port)
    }

    /// The same, reached through another port of this machine.
    pub(crate) fn registration_through(&self, port: u16) -> Value {
        json!({
            "name": format!("{} by {port}", self.name), "engine": "clickhouse", "host": "127.0.0.1", "port": port,
            "database": self.name, "username": ClickHouseServer::READERS[0], "password": ClickHouseServer::PASSWORD,
            "tls": "disable", "poll_interval_seconds": 1,
        })
    }
}
