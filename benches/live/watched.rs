//! A PostgreSQL so busy that a look at it fills about 20 KB.

use basira_test_support::{Distribution, Options, PostgresServer};

use basira_benches::Failure;

const MAJOR: u16 = 16;
const SESSIONS: usize = 45;
/// Columns that make the statement long.
const COLUMNS: usize = 6;
const SETTINGS: &str = "track_activity_query_size = 4096";

/// A server with sessions that stay in the middle of a statement.
pub(crate) async fn start() -> Result<PostgresServer, Failure> {
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    let options = Options { settings: SETTINGS.to_owned(), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await?;
    for session in 0..SESSIONS {
        let client = server.client().await?;
        let columns: Vec<_> =
            (0..COLUMNS).map(|n| format!("{n} as column_{n}_of_session_{session}")).collect();
        let statement = format!("select pg_sleep(86400), {}", columns.join(", "));
        tokio::spawn(async move { client.batch_execute(&statement).await });
    }
    Ok(server)
}
