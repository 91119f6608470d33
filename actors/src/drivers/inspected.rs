//! A stream whose received bytes are checked by an inspector before anything else reads them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Checks what passes through a stream. An error ends the stream.
pub(super) trait Inspect: Unpin {
    /// Checks bytes that were received.
    fn received(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Called before bytes are sent.
    fn sending(&mut self) -> io::Result<()>;
}

/// A stream with its inspector.
#[derive(Debug)]
pub(super) struct Inspected<S, I> {
    pub(super) stream: S,
    pub(super) inspector: I,
}

impl<S: AsyncRead + Unpin, I: Inspect> AsyncRead for Inspected<S, I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, inspector } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        let inspected = inspector.received(&buffer.filled()[before..]);
        if inspected.is_err() {
            buffer.set_filled(before);
        }
        Poll::Ready(inspected)
    }
}

impl<S: AsyncWrite + Unpin, I: Inspect> AsyncWrite for Inspected<S, I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, inspector } = self.get_mut();
        inspector.sending()?;
        Pin::new(stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
