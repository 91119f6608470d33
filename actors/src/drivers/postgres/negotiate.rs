//! From a connected socket to a stream that PostgreSQL's protocol is spoken on: TLS where the mode wants it.
//!
//! tokio-postgres hands its socket over without a word of its own (its `Direct` negotiation), so that every byte that a
//! server sends is seen here, with TLS and without.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::authentication::AuthenticationWatch;
use crate::model::TlsMode;

/// Length and code of an `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const YES: u8 = b'S';

type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
type Encrypt = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// Negotiates each connection as `mode` says.
#[derive(Clone)]
pub(super) struct Negotiator {
    mode: TlsMode,
    tls: MakeRustlsConnect,
}

/// The two sides do not agree on how to talk.
#[derive(Debug, thiserror::Error)]
pub(super) enum NegotiationError {
    #[error("the server does not support TLS")]
    NoTls,
    #[error(transparent)]
    Tls(io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// One connection to negotiate.
pub(super) struct Negotiation {
    mode: TlsMode,
    encrypt: Encrypt,
}

/// A connection as it was agreed upon.
pub(super) struct Negotiated {
    stream: Stream,
    /// None for a server that has proved who it is.
    authentication: Option<AuthenticationWatch>,
}

enum Stream {
    Plain(Socket),
    Encrypted(Box<Encrypted>),
}

impl Negotiator {
    pub(super) const fn new(mode: TlsMode, tls: MakeRustlsConnect) -> Self {
        Self { mode, tls }
    }
}

impl MakeTlsConnect<Socket> for Negotiator {
    type Stream = Negotiated;
    type TlsConnect = Negotiation;
    type Error = Box<dyn Error + Send + Sync>;

    fn make_tls_connect(&mut self, host: &str) -> Result<Negotiation, Self::Error> {
        let encrypt = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls, host)?;
        Ok(Negotiation { mode: self.mode, encrypt })
    }
}

impl TlsConnect<Socket> for Negotiation {
    type Stream = Negotiated;
    type Error = NegotiationError;
    type Future = Pin<Box<dyn Future<Output = Result<Negotiated, NegotiationError>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let authentication = (!self.mode.is_verified()).then(AuthenticationWatch::default);
            Ok(Negotiated { stream: self.stream(socket).await?, authentication })
        })
    }
}

impl Negotiation {
    async fn stream(self, mut socket: Socket) -> Result<Stream, NegotiationError> {
        if self.mode == TlsMode::Disable {
            return Ok(Stream::Plain(socket));
        }
        socket.write_all(&SSL_REQUEST).await?;
        // one byte and no more: what came after it unencrypted is not the server's word (CVE-2021-23222)
        match socket.read_u8().await? {
            YES => {
                let encrypted = self.encrypt.connect(socket).await.map_err(NegotiationError::Tls)?;
                Ok(Stream::Encrypted(Box::new(encrypted)))
            }
            _ if self.mode == TlsMode::Prefer => Ok(Stream::Plain(socket)),
            _ => Err(NegotiationError::NoTls),
        }
    }
}

impl TlsStream for Negotiated {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.stream {
            Stream::Plain(_) => ChannelBinding::none(),
            Stream::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

impl AsyncRead for Negotiated {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.stream {
            Stream::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Stream::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        match (read, &mut this.authentication) {
            (Poll::Ready(Ok(())), Some(watch)) => Poll::Ready(watch.read(&buffer.filled()[before..])),
            (read, _) => read,
        }
    }
}

impl AsyncWrite for Negotiated {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Stream::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(context),
            Stream::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Stream::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
