//! A demo with nothing installed: a throwaway PostgreSQL and ClickHouse with a workload, and Basira watching them.

mod basira;
mod error;
mod registration;
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
use registration::Registration;

/// The options of the demo.
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
/// [`DemoError`] when a part could not be started; those that had started are stopped.
pub async fn run(options: DemoOptions) -> Result<(), DemoError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DemoError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(DemoError::Signal)?;
    let mut stop = pin!(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let demo = tokio::select! {
        demo = Demo::start(options) => demo?,
        () = &mut stop => return Ok(()),
    };
    demo.welcome();
    stop.await;
    outln!("\nstopping and removing everything ...");
    drop(demo);
    Ok(())
}

/// All parts of the demo, stopped in the order of the fields.
struct Demo {
    _clients: JoinSet<()>,
    basira: Basira,
    _postgres: PostgresServer,
    _clickhouse: Option<ClickHouse>,
    registration: Registration,
    login_link: String,
}

/// The ClickHouse of the shop and its clients.
struct ClickHouse {
    _clients: JoinSet<()>,
    server: ClickHouseServer,
}

impl ClickHouse {
    async fn start() -> Result<Self, DemoError> {
        // on a thread for blocking work, so that Ctrl-C is handled meanwhile
        let fetched = tokio::task::spawn_blocking(ClickHouseDistribution::fetch).await;
        let fetched = fetched.map_err(|cause| DemoError::Basira(cause.into()))??;
        outln!("starting a throwaway ClickHouse ...");
        let options =
            ClickHouseOptions { settings: ClickHouseServer::LOGS.to_owned(), ..ClickHouseOptions::default() };
        let server = ClickHouseServer::start_with(&fetched, options).await?;
        Ok(Self { _clients: workload::analytics::start(&server).await?, server })
    }
}

impl Demo {
    async fn start(options: DemoOptions) -> Result<Self, DemoError> {
        let postgres = start_postgres(options.postgres).await?;
        outln!("creating the tables of a web shop ...");
        workload::fill_shop(&postgres).await.map_err(DemoError::Shop)?;
        let clients = workload::start_clients(&postgres);
        let clickhouse = if options.without_clickhouse { None } else { start_clickhouse().await };
        outln!("starting Basira ...");
        let basira = Basira::start(options.listen).await?;
        let servers = (&postgres, clickhouse.as_ref().map(|clickhouse| &clickhouse.server));
        let registration = registration::set_up(&basira.url, &basira.data_dir, servers).await?;
        let login_link = basira.login_link(registration::EMAIL).await?;
        Ok(Self {
            _clients: clients,
            basira,
            _postgres: postgres,
            _clickhouse: clickhouse,
            registration,
            login_link,
        })
    }

    fn welcome(&self) {
        let Registration { api_key, database_id, clickhouse_id } = &self.registration;
        let url = &self.basira.url;
        outln!("\nBasira watches a busy web shop at {url}");
        outln!("  open     {}", self.login_link);
        outln!("           (good once, within some minutes; afterwards log in:)");
        outln!("  login    {} / {}", registration::EMAIL, registration::PASSWORD);
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

/// Without ClickHouse the demo goes on with PostgreSQL.
async fn start_clickhouse() -> Option<ClickHouse> {
    match ClickHouse::start().await {
        Ok(clickhouse) => Some(clickhouse),
        Err(error) => {
            outln!("no ClickHouse in this demo: {error}");
            None
        }
    }
}

/// As a server that keeps its data: with `fsync` off a health rule would apply.
fn options() -> Options {
    Options { settings: "fsync = on\n".to_owned(), ..Options::default() }
}

/// Starts the first installed server that works, else a fetched one.
async fn start_postgres(major: Option<u16>) -> Result<PostgresServer, DemoError> {
    let wanted = |found: &Distribution| major.is_none_or(|major| major == found.major);
    for found in Distribution::installed().into_iter().filter(wanted) {
        outln!("starting a throwaway PostgreSQL {} ...", found.major);
        match PostgresServer::start(&found, options()).await {
            Ok(server) => return Ok(server),
            Err(error) => outln!("the installed PostgreSQL cannot be used: {error}"),
        }
    }
    // on a thread for blocking work, so that Ctrl-C is handled meanwhile
    let fetched = tokio::task::spawn_blocking(move || Distribution::fetch(major)).await;
    let fetched = fetched.map_err(|cause| DemoError::Basira(cause.into()))??;
    outln!("starting a throwaway PostgreSQL {} ...", fetched.major);
    Ok(PostgresServer::start(&fetched, options()).await?)
}
