//! Starts the parts of the server in order, and stops them in the opposite order.

use std::net::SocketAddr;
use std::sync::Arc;

use basira_actors::model::Secret;
use basira_actors::monitor::{Dependencies, Fleet};
use basira_actors::supervisor::{StartError, Supervisor};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::{Accounts, AuthSettings, WsTickets, run_cleanup};
use crate::config::{Config, LiveConfig, PublicUrl, Secrets, SecretsError};
use crate::databases::TargetNetworks;
use crate::http::{BindError, CertificateError, Certificates, RouteTableError, Server};
use crate::limits::{Limits, LiveStreams};
use crate::log::Log;
use crate::mail::Mailer;
use crate::reload::{ControlSocket, Parts, Reloader};
use crate::samples::{self, ManagedSampleStore};
use crate::storage::store::Targets;
use crate::storage::{ServerLockError, ServerLocks, Storage, StorageError};

/// The server could not start, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Locked(#[from] ServerLockError),
    #[error("opening the storage failed: {0}; check storage.url and data_dir")]
    Storage(#[from] StorageError),
    #[error("opening the storage of samples failed: {0}; check samples.url")]
    SamplesStorage(StorageError),
    #[error(transparent)]
    Samples(#[from] samples::OpenError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Routes(#[from] RouteTableError),
    #[error("http.public_url cannot be made from {0}")]
    PublicUrl(String),
    #[error("waiting for signals failed: {0}")]
    Signal(#[from] std::io::Error),
}

/// Serves until the process is told to end. `bound` is called with the URL once clients may connect.
///
/// # Errors
/// [`ServeError`] when a part could not be started.
pub async fn serve(live: LiveConfig, log: Log, bound: impl FnOnce(String) + Send) -> Result<(), ServeError> {
    survive_file_size_limit()?;
    let config = live.current();
    let secrets = Secrets::of(&config)?;
    let mut locks = take_locks(&config).await?;
    let storage = open_storage(&config, &secrets).await?;
    let server = Server::bind(config.http.listen)?.secured(certificates(&config).await?);
    locks.announce(&server.url()).await?;
    let samples_storage = open_samples_storage(&config, &secrets, &storage).await?;
    let samples_url = config.samples.url.as_ref().map(Secret::expose);
    let samples = samples::open::open(&samples_storage, samples_url, config.samples.retention)?;
    let networks = TargetNetworks::new(Arc::clone(&config), storage.clone());
    let fleet = Fleet::new(config.fleet_settings(Arc::new(networks)));
    let dependencies = Dependencies {
        samples: Arc::<dyn ManagedSampleStore>::clone(&samples),
        registry: Arc::new(Targets::new(storage.clone(), secrets.encryption.clone())),
        fleet: fleet.clone(),
    };
    let (supervisor, supervising) = Supervisor::start(dependencies).await?;
    let parts = Parts {
        storage: storage.clone(),
        supervisor: supervisor.clone(),
        fleet,
        samples: Arc::clone(&samples),
        log,
    };
    let reloader = Arc::new(Reloader::new(live.clone(), parts));
    let mailer = Mailer::new(live.clone());
    let shutdown = CancellationToken::new();
    let following = tokio::spawn(secrets.clone().follow(shutdown.clone()));
    let app = Arc::new(App {
        accounts: accounts(&live, secrets, &storage, &mailer, server.local_addr()),
        public_url: public_url(&config, server.local_addr())?,
        storage: storage.clone(),
        samples: Arc::<dyn ManagedSampleStore>::clone(&samples),
        supervisor: supervisor.clone(),
        limits: Limits::new(live.clone()),
        config: live,
        ws_tickets: WsTickets::default(),
        live_streams: LiveStreams::default(),
        reloader: Arc::clone(&reloader),
        shutdown: shutdown.clone(),
    });
    reload_on_signal(Arc::clone(&reloader))?;
    serve_control_socket(&config, reloader, shutdown.clone()).await;
    let pruning = run_cleanup(storage.clone(), app.config.clone(), mailer.clone(), shutdown.clone());
    let pruning = tokio::spawn(pruning);
    let finished = CancellationToken::new();
    let holding = tokio::spawn(locks.hold(shutdown.clone(), finished.clone()));
    cancel_on_signal(shutdown)?;
    bound(server.url());
    let served = server.run(app).await;
    mailer.close().await;
    supervisor.shutdown().await;
    // it ended by itself, or was told to a moment ago
    let _ = supervising.await;
    let _ = pruning.await;
    let _ = following.await;
    samples.close().await;
    samples_storage.close().await.map_err(ServeError::SamplesStorage)?;
    storage.close().await?;
    finished.cancel();
    if let Ok(held) = holding.await {
        held?;
    }
    Ok(served?)
}

/// Makes sure that no other server runs on the data directory and the storages of `config`.
async fn take_locks(config: &Config) -> Result<ServerLocks, ServerLockError> {
    let storage = config.storage_url();
    let mut storages = vec![("storage.url", storage.expose())];
    storages.extend(config.own_samples_url().map(|url| ("samples.url", url.expose())));
    ServerLocks::take(&config.data_dir, &storages, &config.http.listen.to_string()).await
}

/// What this server shows of itself when it speaks TLS.
async fn certificates(config: &Config) -> Result<Option<Certificates>, CertificateError> {
    match &config.http.tls {
        Some(files) => Certificates::load(files.clone()).await.map(Some),
        None => Ok(None),
    }
}

/// Opens the storage of `config` and brings its schema up to date.
///
/// # Errors
/// [`ServeError`] when it cannot be used.
pub async fn open_storage(config: &Config, secrets: &Secrets) -> Result<Storage, ServeError> {
    let storage = Storage::open(config.storage_url().expose(), secrets.encryption.clone()).await?;
    storage.migrate().await?;
    Ok(storage)
}

/// Where the samples of `config` are: in `storage`, unless `samples.url` names another SQLite or PostgreSQL.
async fn open_samples_storage(
    config: &Config,
    secrets: &Secrets,
    storage: &Storage,
) -> Result<Storage, ServeError> {
    let Some(url) = config.own_samples_url() else { return Ok(storage.clone()) };
    let open = async {
        let own = Storage::open(url.expose(), secrets.encryption.clone()).await?;
        own.migrate().await?;
        Ok(own)
    };
    open.await.map_err(ServeError::SamplesStorage)
}

/// The accounts in `storage`, for a server that is reached at `address` unless it is configured where.
#[must_use]
pub fn accounts(
    config: &LiveConfig,
    secrets: Secrets,
    storage: &Storage,
    mailer: &Mailer,
    address: SocketAddr,
) -> Accounts {
    let started = config.current();
    let settings = AuthSettings { jwt_secrets: secrets.jwt, public_url: started.public_url(address) };
    Accounts::new(storage.clone(), config.clone(), settings, mailer.clone())
}

fn public_url(config: &Config, address: SocketAddr) -> Result<PublicUrl, ServeError> {
    let text = config.public_url(address);
    text.parse().map(PublicUrl).map_err(|_| ServeError::PublicUrl(text))
}

/// Reads the configuration again at each SIGHUP.
fn reload_on_signal(reloader: Arc<Reloader>) -> Result<(), ServeError> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reloader.reload_for_signal().await;
        }
    });
    Ok(())
}

/// Serves the control socket; without it only `basira admin reload` does not work.
async fn serve_control_socket(config: &Config, reloader: Arc<Reloader>, shutdown: CancellationToken) {
    match ControlSocket::listen(&config.data_dir).await {
        Ok(control) => drop(tokio::spawn(control.run(reloader, shutdown))),
        Err(error) => tracing::warn!("`basira admin reload` will not work: {error}"),
    }
}

/// Installs a handler of SIGXFSZ, so that a write beyond the limit on the size of files fails as on a full disk instead of
/// ending the process.
fn survive_file_size_limit() -> Result<(), ServeError> {
    const SIGXFSZ: i32 = 25;
    // a handler stays for as long as the process
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)?;
    Ok(())
}

/// Cancels `shutdown` when the process is asked to end.
fn cancel_on_signal(shutdown: CancellationToken) -> Result<(), ServeError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        shutdown.cancel();
    });
    Ok(())
}
