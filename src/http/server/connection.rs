//! Serves one connection until it ends or is upgraded.

use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::service::ApiFilter;
use crate::http::Peer;

/// A client that has not sent the whole head of a request after this is disconnected.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(10);
/// Start line and headers together. There may be 100 headers, hyper's own limit.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// The size of the read buffer.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves the requests on `stream`.
pub(super) async fn serve<S>(stream: S, peer: Peer, filter: ApiFilter, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let routes = TowerToHyperService::new(warp::service(filter));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_LIMIT)
        .max_header_size(MOST_HEAD_BYTES)
        .max_buf_size(BUFFER_BYTES)
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
        tracing::debug!(%error, "a connection ended with an error");
    }
}
