//! Real servers: one of each version shared by all tests, and private ones for tests that break theirs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use basira_test_support::{Distribution, MAJORS, Options, PostgresServer, fetch_with_hypopg};
use tokio::sync::OnceCell;

use super::FailingFiles;

/// One cell per major; a static is never dropped, but the server ends with this process all the same.
static SHARED: LazyLock<BTreeMap<u16, OnceCell<PostgresServer>>> =
    LazyLock::new(|| MAJORS.map(|major| (major, OnceCell::new())).into());

/// The newest version, for tests that need just one.
pub(crate) const NEWEST: u16 = 18;

/// The server of `major` that all tests share: use a database of your own in it.
pub(crate) async fn shared(major: u16) -> &'static PostgresServer {
    SHARED[&major].get_or_init(|| private(major, "max_connections = 300")).await
}

/// A server of its own for a test that will hurt it.
pub(crate) async fn private(major: u16, settings: &str) -> PostgresServer {
    let options = Options { settings: settings.to_owned(), ..Options::default() };
    PostgresServer::start(&distribution(major).await, options).await.expect("a server of its own")
}

/// A server of its own whose files fail when `files` is told so.
pub(crate) async fn private_on(files: &FailingFiles, major: u16) -> PostgresServer {
    let options = Options { environment: files.environment().into(), ..Options::default() };
    PostgresServer::start(&distribution(major).await, options).await.expect("a server of its own")
}

/// Fetches block, so they get a thread.
async fn distribution(major: u16) -> Distribution {
    let fetched = tokio::task::spawn_blocking(move || Distribution::fetch(Some(major))).await;
    fetched.expect("the fetch does not panic").unwrap_or_else(|error| panic!("{error}"))
}

/// A server of version 15 that has `HypoPG`.
pub(crate) async fn with_hypopg() -> PostgresServer {
    let fetched = tokio::task::spawn_blocking(fetch_with_hypopg).await;
    let fetched = fetched.expect("the fetch does not panic").unwrap_or_else(|error| panic!("{error}"));
    PostgresServer::start(&fetched, Options::default()).await.expect("a server of its own")
}
