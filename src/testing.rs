//! What unit tests share: one real PostgreSQL for those of our own storage.

use tokio::sync::OnceCell;

use crate::demo::servers::{Distribution, Options, PostgresServer};

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
