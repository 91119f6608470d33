//! Our own accept loop: time-outs, a cap on connections, a shutdown with a deadline.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::service::{self, ApiFilter};
use super::{Peer, Route, RouteTableError, routes};
use crate::app::App;

/// A client that says nothing for this long is cut off.
const HEADER_TIME_LIMIT: Duration = Duration::from_secs(10);
/// Requests in flight get this long after a shutdown was asked for.
const SHUTDOWN_TIME_LIMIT: Duration = Duration::from_secs(10);
/// Live streams do not count: they have a cap of their own.
const MOST_CONNECTIONS: usize = 10_000;
const BACKLOG: u32 = 4096;
/// Long enough for some connection to end when files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound listener.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
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
    /// [`BindError`] when the address is taken or not ours.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listen().map_err(|source| BindError { address, source })
    }

    /// The address with the port that was taken.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `app.shutdown` is cancelled; then finishes what is in flight, within a deadline.
    ///
    /// # Errors
    /// [`RouteTableError`] when the route table is inconsistent.
    pub async fn run(self, app: Arc<App>) -> Result<(), RouteTableError> {
        self.run_routes(app, routes::all()).await
    }

    pub(super) async fn run_routes(self, app: Arc<App>, routes: Vec<Route>) -> Result<(), RouteTableError> {
        let filter = service::filter(Arc::clone(&app), routes)?;
        let connections = TaskTracker::new();
        self.accept(&filter, &app.shutdown, &connections).await;
        drop(self.listener);
        connections.close();
        app.live.close();
        let finished = async { tokio::join!(connections.wait(), app.live.wait()) };
        if tokio::time::timeout(SHUTDOWN_TIME_LIMIT, finished).await.is_err() {
            tracing::warn!(
                http.connections = connections.len(),
                "requests were cut off: they outlasted the shutdown's deadline"
            );
        }
        Ok(())
    }

    async fn accept(&self, filter: &ApiFilter, shutdown: &CancellationToken, connections: &TaskTracker) {
        let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, self.listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                next = next => next,
                () = shutdown.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = serve(stream, Peer(peer), filter.clone(), shutdown.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One connection, to its end or its upgrade.
async fn serve(stream: TcpStream, peer: Peer, filter: ApiFilter, shutdown: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it began");
        return;
    }
    let routes = TowerToHyperService::new(warp::service(filter));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}
