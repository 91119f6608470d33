//! Connections that limit the size of a response, including its headers, chunks and encryption.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::drivers::budget::{MAX_REPLY_BYTES, REPLY_TOO_LARGE};
use crate::drivers::inspected::{Inspect, Inspected};

/// The most bytes that may be received for one request, including headers and encryption.
const MAX_RESPONSE_BYTES: u64 = MAX_REPLY_BYTES + (1 << 20);

/// Limits the connections that the inner connector makes.
#[derive(Clone)]
pub(super) struct BoundedConnector<C>(pub(super) C);

/// Counts the bytes received since something was sent last.
#[derive(Debug, Default)]
pub(super) struct ResponseLimit {
    received_bytes: u64,
}

impl Inspect for ResponseLimit {
    fn received(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.received_bytes += bytes.len() as u64;
        if self.received_bytes > MAX_RESPONSE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, REPLY_TOO_LARGE));
        }
        Ok(())
    }

    fn sending(&mut self) -> io::Result<()> {
        self.received_bytes = 0;
        Ok(())
    }
}

impl<U, C> Service<U> for BoundedConnector<C>
where
    C: Service<U, Response = TokioIo<TcpStream>>,
    C::Future: Send + 'static,
{
    type Response = TokioIo<Inspected<TcpStream, ResponseLimit>>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: U) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(Inspected { stream, inspector: ResponseLimit::default() }))
        })
    }
}

impl Connection for Inspected<TcpStream, ResponseLimit> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
