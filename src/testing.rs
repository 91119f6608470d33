//! What unit tests share: one real PostgreSQL for those of our own storage, one real ClickHouse for samples.

use tokio::sync::OnceCell;

pub(crate) use basira_test_support::ClickHouseServer;
use basira_test_support::{ClickHouseDistribution, Distribution, Options, PostgresServer};

/// A static is never dropped, but the server ends with this process all the same.
static SERVER: OnceCell<PostgresServer> = OnceCell::const_new();

/// The URL of a server to make schemas and databases in.
pub(crate) async fn postgres_url() -> String {
    let start = async || {
        let fetch = || Distribution::fetch(Some(17));
        let distribution = tokio::task::spawn_blocking(fetch).await.expect("the fetch does not panic");
        let options = Options { settings: "max_connections = 300".to_owned(), ..Options::default() };
        PostgresServer::start(&distribution.expect("a distribution"), options).await.expect("a server")
    };
    SERVER.get_or_init(start).await.dsn()
}

static CLICKHOUSE: OnceCell<ClickHouseServer> = OnceCell::const_new();

/// A ClickHouse server to make databases in.
pub(crate) async fn clickhouse() -> &'static ClickHouseServer {
    CLICKHOUSE.get_or_init(own_clickhouse).await
}

/// A ClickHouse server to kill.
pub(crate) async fn own_clickhouse() -> ClickHouseServer {
    let fetched = tokio::task::spawn_blocking(ClickHouseDistribution::fetch).await;
    let distribution = fetched.expect("the fetch does not panic").expect("a distribution");
    ClickHouseServer::start(&distribution).await.expect("a server")
}
