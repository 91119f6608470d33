//! A full try-out with nothing installed: a throwaway PostgreSQL and ClickHouse with lives of their own, and Basira
//! watching them.

mod basira;
mod error;
mod visitor;
mod workload;

use std::net::SocketAddr;
use std::pin::pin;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use basira::Basira;
use basira_servers::{
    ClickHouseDistribution, ClickHouseOptions, ClickHouseServer, Distribution, Options, PostgresServer,
};
pub use error::DemoError;
use visitor::Visit;

/// How the demo should be.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoOptions {
    /// Where the API and the page are served; a free port is taken when this one is not free
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The major version of PostgreSQL to watch: 14 to 18 [default: the one installed here, else the newest]
    #[arg(long, value_name = "MAJOR")]
    pub postgres: Option<u16>,
    /// Watch PostgreSQL only: ClickHouse is a download of 170 MB, once
    #[arg(long)]
    pub without_clickhouse: bool,
}

/// Runs until Ctrl-C or a termination signal, then leaves nothing behind.
///
/// # Errors
/// [`DemoError`] when a part could not be started; what had started is gone by then.
pub async fn run(options: DemoOptions) -> Result<(), DemoError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DemoError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(DemoError::Signal)?;
    let mut stop = pin!(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let stage = tokio::select! {
        stage = Stage::set(options) => stage?,
        () = &mut stop => return Ok(()),
    };
    stage.welcome();
    stop.await;
    outln!("\nstopping and removing everything ...");
    drop(stage);
    Ok(())
}

/// Everything that plays; the order of the fields is the order in which they leave.
struct Stage {
    _clients: JoinSet<()>,
    basira: Basira,
    _postgres: PostgresServer,
    _clickhouse: Option<Analytics>,
    visit: Visit,
}

/// The shop's ClickHouse and its clients.
struct Analytics {
    _clients: JoinSet<()>,
    server: ClickHouseServer,
}

impl Analytics {
    async fn open() -> Result<Self, DemoError> {
        // Off the async threads, so that Ctrl-C is heard meanwhile.
        let fetched = tokio::task::spawn_blocking(ClickHouseDistribution::fetch).await;
        let fetched = fetched.map_err(|cause| DemoError::Basira(cause.into()))??;
        outln!("starting a throwaway ClickHouse ...");
        let options =
            ClickHouseOptions { settings: ClickHouseServer::LOGS.to_owned(), ..ClickHouseOptions::default() };
        let server = ClickHouseServer::start_with(&fetched, options).await?;
        Ok(Self { _clients: workload::analytics::open(&server).await?, server })
    }
}

impl Stage {
    async fn set(options: DemoOptions) -> Result<Self, DemoError> {
        let postgres = start_postgres(options.postgres).await?;
        outln!("filling a little web shop ...");
        workload::open_shop(&postgres).await.map_err(DemoError::Shop)?;
        let clients = workload::let_clients_in(&postgres);
        let clickhouse = if options.without_clickhouse { None } else { analytics().await };
        outln!("starting Basira ...");
        let basira = Basira::start(options.listen).await?;
        let servers = (&postgres, clickhouse.as_ref().map(|clickhouse| &clickhouse.server));
        let visit = visitor::set_up(&basira.url, &basira.data_dir, servers).await?;
        Ok(Self { _clients: clients, basira, _postgres: postgres, _clickhouse: clickhouse, visit })
    }

    fn welcome(&self) {
        let Visit { api_key, database_id, clickhouse_id } = &self.visit;
        let url = &self.basira.url;
        outln!("\nBasira watches a busy web shop at {url}");
        outln!("  login    {} / {}", visitor::EMAIL, visitor::PASSWORD);
        outln!("  API key  {api_key}\n\nTry:");
        for view in ["doctor", "queries", "active"] {
            outln!("  curl -s -H 'X-API-Key: {api_key}' {url}/api/v1/databases/{database_id}/{view}");
        }
        if let Some(clickhouse_id) = clickhouse_id {
            outln!("and of its analytics on ClickHouse:");
            for view in ["doctor", "queries", "mutations"] {
                outln!("  curl -s -H 'X-API-Key: {api_key}' {url}/api/v1/databases/{clickhouse_id}/{view}");
            }
        }
        outln!("\nCtrl-C stops and removes everything.");
    }
}

/// The demo is worth seeing without it too.
async fn analytics() -> Option<Analytics> {
    match Analytics::open().await {
        Ok(analytics) => Some(analytics),
        Err(error) => {
            outln!("no ClickHouse in this demo: {error}");
            None
        }
    }
}

/// As a server that is to keep its data: the doctor would complain of any other.
fn options() -> Options {
    Options { settings: "fsync = on\n".to_owned(), ..Options::default() }
}

/// The first server installed here that really starts, else a fetched one.
async fn start_postgres(major: Option<u16>) -> Result<PostgresServer, DemoError> {
    let wanted = |found: &Distribution| major.is_none_or(|major| major == found.major);
    for found in Distribution::installed().into_iter().filter(wanted) {
        outln!("starting a throwaway PostgreSQL {} ...", found.major);
        match PostgresServer::start(&found, options()).await {
            Ok(server) => return Ok(server),
            Err(error) => outln!("the one installed here does not do: {error}"),
        }
    }
    // Off the async threads, so that Ctrl-C is heard meanwhile.
    let fetched = tokio::task::spawn_blocking(move || Distribution::fetch(major)).await;
    let fetched = fetched.map_err(|cause| DemoError::Basira(cause.into()))??;
    outln!("starting a throwaway PostgreSQL {} ...", fetched.major);
    Ok(PostgresServer::start(&fetched, options()).await?)
}
