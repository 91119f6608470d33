//! Our own accept loop: time-outs, a cap on connections, a shutdown with a deadline.

mod connection;
mod service;
mod tls;
mod write_timeout;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::service::ApiFilter;
use self::tls::Handshakes;
pub use self::tls::{CertificateError, Certificates};
use self::write_timeout::WriteTimeout;
use super::routing::is_proxy;
use super::{Peer, Route, RouteTableError, routes};
use crate::accept::AcceptFailures;
use crate::app::App;
use crate::limits::Permit;

/// A client that reads nothing of its response for this long is disconnected.
const WRITE_TIME_LIMIT: Duration = Duration::from_secs(30);
/// Requests in progress may take this long after a shutdown was requested.
const SHUTDOWN_TIME_LIMIT: Duration = Duration::from_secs(10);
/// Live streams do not count: they have a cap of their own.
const MOST_CONNECTIONS: usize = 10_000;
const BACKLOG: u32 = 4096;

/// A bound listener.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    certificates: Option<Certificates>,
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}: {source}; set http.listen to a free address (port 0 takes any free port)"
)]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl Server {
    /// Listens on `address`; clients wait until [`Self::run`].
    ///
    /// # Errors
    /// [`BindError`] when the address is in use or not of this machine.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, certificates: None })
        };
        listen().map_err(|source| BindError { address, source })
    }

    /// Serves TLS only, if there are `certificates`.
    #[must_use]
    pub fn secured(self, certificates: Option<Certificates>) -> Self {
        Self { certificates, ..self }
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address with the port that was taken.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `app.shutdown` is cancelled; then finishes the requests in progress, within a deadline.
    ///
    /// # Errors
    /// [`RouteTableError`] when the route table is inconsistent.
    pub async fn run(self, app: Arc<App>) -> Result<(), RouteTableError> {
        self.run_routes(app, routes::all()).await
    }

    pub(in crate::http) async fn run_routes(
        self,
        app: Arc<App>,
        routes: Vec<Route>,
    ) -> Result<(), RouteTableError> {
        let filter = service::filter(Arc::clone(&app), routes)?;
        let connections = TaskTracker::new();
        let Self { listener, certificates, .. } = self;
        let handshakes = certificates.as_ref().map(Certificates::handshakes);
        let accepting = accept(&listener, handshakes.as_ref(), &filter, &app, &connections);
        match certificates {
            Some(certificates) => tokio::select! {
                () = accepting => {}
                () = certificates.follow(app.config.clone()) => {}
            },
            None => accepting.await,
        }
        drop(listener);
        connections.close();
        app.live_streams.close();
        let finished = async { tokio::join!(connections.wait(), app.live_streams.wait()) };
        if tokio::time::timeout(SHUTDOWN_TIME_LIMIT, finished).await.is_err() {
            tracing::warn!(
                http.connections = connections.len(),
                "requests were aborted at the deadline of the shutdown"
            );
        }
        Ok(())
    }
}

/// Accepts connections until the server stops.
async fn accept(
    listener: &TcpListener,
    handshakes: Option<&Handshakes>,
    filter: &ApiFilter,
    app: &App,
    connections: &TaskTracker,
) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut failures = AcceptFailures::of("http");
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            next = next => next,
            () = app.shutdown.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                failures.accepted();
                let Ok(permit) = permit(app, peer.ip()) else { continue };
                let (handshakes, filter) = (handshakes.cloned(), filter.clone());
                let connection = serve(stream, Peer(peer), handshakes, filter, app.shutdown.clone());
                connections.spawn(async move {
                    connection.await;
                    drop((slot, permit));
                });
            }
            Err(error) => failures.pause(&error).await,
        }
    }
}

/// The client has reached its limit of connections.
struct TooManyConnections;

/// The permit of a connection from `peer`; a trusted proxy serves many clients and needs none.
fn permit(app: &App, peer: IpAddr) -> Result<Option<Permit<IpAddr>>, TooManyConnections> {
    if is_proxy(peer, &app.config().http.trusted_proxies) {
        return Ok(None);
    }
    app.limits.connection(peer).map(Some).ok_or(TooManyConnections)
}

/// One connection, to its end or its upgrade.
async fn serve(
    stream: TcpStream,
    peer: Peer,
    handshakes: Option<Handshakes>,
    filter: ApiFilter,
    shutdown: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was closed before it was served");
        return;
    }
    let stream = WriteTimeout::new(stream, WRITE_TIME_LIMIT);
    let Some(handshakes) = handshakes else {
        return connection::serve(stream, peer, filter, shutdown).await;
    };
    match handshakes.handshake(stream).await {
        Ok(stream) => connection::serve(stream, peer, filter, shutdown).await,
        Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
    }
}
