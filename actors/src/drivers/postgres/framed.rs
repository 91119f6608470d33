//! The stream under tokio-postgres, which reads messages whole, however long they say that they are. Follows the framing
//! of the protocol (a tag, a length, so many bytes) in what passes through, and ends where a message is too long, is none,
//! or the budget is spent; also where a server that has not proved who it is asks for the password in cleartext, which
//! SCRAM and MD5 do not send.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::drivers::budget::{ANSWER_BYTES, Budget, Excess, HANDSHAKE_BYTES};
use crate::model::TlsMode;

/// The longest row: a plan, a statement or a piece of a log may be its only cell.
const ROW_BYTES: u64 = 8 << 20;
/// The longest message of any other kind, errors and notices among them.
const MESSAGE_BYTES: u64 = 1 << 20;
/// A tag and a length.
const HEADER: usize = 5;
/// And of a request to authenticate the way in which to do that.
const AUTHENTICATION_HEADER: usize = 9;
const CLEARTEXT_PASSWORD: [u8; 4] = [0, 0, 0, 3];

/// Messages before the first question: authentication, parameters, keys, ready, errors, notices, version.
const TAGS_OF_HANDSHAKES: &[u8] = b"RSKZENv";
/// And after it.
const TAGS: &[u8] = b"123ACDEGHINSTZcdnst";

/// Messages that may come at any time: notifications, notices, parameters. A server sends few of them, and each costs more
/// than a row.
const UNASKED: &[u8] = b"ANS";
const UNASKED_WEIGHT: u64 = 16;

/// What the bytes that come next are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The one byte that says whether TLS follows.
    Negotiation,
    /// Of TLS: what is inside is followed instead.
    Encrypted,
    Handshake,
    Questions,
}

/// A stream whose messages are counted against `budget`.
#[derive(Debug)]
pub(super) struct Framed<S> {
    stream: S,
    budget: Arc<Budget>,
    phase: Phase,
    header: [u8; AUTHENTICATION_HEADER],
    header_length: usize,
    /// Whether the server's certificate is verified, so that it may have the password in cleartext.
    is_verified: bool,
    /// Of the message that is being read.
    left: u64,
    /// Whether something was read since something was written.
    was_read: bool,
}

impl<S> Framed<S> {
    /// A connection that a server of `mode` accepted: TLS is negotiated on it first, unless that is disabled.
    pub(super) const fn new(stream: S, budget: Arc<Budget>, mode: TlsMode) -> Self {
        let phase = if matches!(mode, TlsMode::Disable) { Phase::Handshake } else { Phase::Negotiation };
        Self::in_phase(stream, budget, mode, phase)
    }

    const fn in_phase(stream: S, budget: Arc<Budget>, mode: TlsMode, phase: Phase) -> Self {
        let header = [0; AUTHENTICATION_HEADER];
        let is_verified = mode.is_verified();
        Self { stream, budget, phase, header, header_length: 0, is_verified, left: 0, was_read: false }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), Excess> {
        while !bytes.is_empty() {
            match self.phase {
                Phase::Encrypted => return Ok(()),
                Phase::Negotiation => {
                    self.phase = if bytes[0] == b'S' { Phase::Encrypted } else { Phase::Handshake };
                    bytes = &bytes[1..];
                }
                Phase::Handshake | Phase::Questions => bytes = self.follow_message(bytes)?,
            }
        }
        Ok(())
    }

    /// Reads a piece of a message. Returns what follows it.
    fn follow_message<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Excess> {
        if self.left > 0 {
            let length = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= length as u64;
            return Ok(&bytes[length..]);
        }
        let wanted = self.wanted_header(bytes[0]);
        let length = bytes.len().min(wanted - self.header_length);
        self.header[self.header_length..][..length].copy_from_slice(&bytes[..length]);
        self.header_length += length;
        if self.header_length == wanted {
            self.header_length = 0;
            self.begin_message(wanted)?;
        }
        Ok(&bytes[length..])
    }

    /// How much of a message has to be seen; `next` is the byte that comes.
    const fn wanted_header(&self, next: u8) -> usize {
        let tag = if self.header_length == 0 { next } else { self.header[0] };
        match self.phase {
            Phase::Handshake if tag == b'R' => AUTHENTICATION_HEADER,
            _ => HEADER,
        }
    }

    /// Judges a message by the `seen` bytes of its header.
    fn begin_message(&mut self, seen: usize) -> Result<(), Excess> {
        let [tag, l0, l1, l2, l3, kind @ ..] = self.header;
        let in_handshake = self.phase == Phase::Handshake;
        let tags = if in_handshake { TAGS_OF_HANDSHAKES } else { TAGS };
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let after_tag = seen as u64 - 1;
        let left = length.checked_sub(after_tag).filter(|_| tags.contains(&tag)).ok_or(Excess::Protocol)?;
        let (what, limit_bytes) = match tag {
            // whatever else answers at a port claims gigabytes when its text is read as a length
            _ if in_handshake && length > HANDSHAKE_BYTES => return Err(Excess::Protocol),
            b'D' => ("a row of the server's answer", ROW_BYTES),
            b'E' => ("an error of the server", MESSAGE_BYTES),
            _ => ("a message of the server", MESSAGE_BYTES),
        };
        if length > limit_bytes {
            return Err(Excess::Bytes { what, limit_bytes });
        }
        let (what, limit_bytes) = if in_handshake {
            ("what the server sends at connect", HANDSHAKE_BYTES)
        } else {
            ("the server's answer", ANSWER_BYTES)
        };
        let weight = if !in_handshake && UNASKED.contains(&tag) { UNASKED_WEIGHT } else { 1 };
        self.budget.take((length + 1) * weight, what, limit_bytes)?;
        if in_handshake && tag == b'Z' {
            self.phase = Phase::Questions;
        }
        self.left = left;
        if seen == AUTHENTICATION_HEADER && kind == CLEARTEXT_PASSWORD && !self.is_verified {
            return Err(Excess::Cleartext);
        }
        Ok(())
    }

    fn give_up(&self, excess: Excess) -> io::Error {
        self.budget.note(excess);
        io::Error::new(io::ErrorKind::InvalidData, excess)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.was_read = true;
        let followed = self.follow(&buffer.filled()[before..]);
        if let Err(excess) = followed {
            buffer.set_filled(before);
            return Poll::Ready(Err(self.give_up(excess)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.was_read && self.phase != Phase::Encrypted {
            self.was_read = false;
            if let Err(excess) = self.budget.take_turn() {
                return Poll::Ready(Err(self.give_up(excess)));
            }
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Framed<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Makes TLS connections whose inside is followed.
pub(super) struct FramedTls<T> {
    pub(super) tls: T,
    pub(super) budget: Arc<Budget>,
    pub(super) mode: TlsMode,
}

impl<S, T> TlsConnect<S> for FramedTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Framed<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, T::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let Self { tls, budget, mode } = self;
        let connecting = tls.connect(stream);
        Box::pin(async move {
            let stream = connecting.await?;
            Ok(Framed::in_phase(stream, budget, mode, Phase::Handshake))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(mode: TlsMode) -> Framed<()> {
        Framed::new((), Arc::new(Budget::handshake()), mode)
    }

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
        [&[tag], &length[..], body].concat()
    }

    fn ready() -> Framed<()> {
        let mut framed = framed(TlsMode::Disable);
        let handshake = [message(b'R', &[0; 4]), message(b'S', b"a\0b\0"), message(b'Z', b"I")].concat();
        framed.follow(&handshake).expect("a handshake");
        framed.budget.grant();
        framed
    }

    #[test]
    fn messages_are_followed_however_they_are_cut_into_pieces() {
        let answer = [message(b'T', &[0; 30]), message(b'D', &[7; 300]), message(b'Z', b"I")].concat();
        for size in [1, 2, 3, 7, 64, 4_096] {
            let mut framed = ready();
            for piece in answer.repeat(5).chunks(size) {
                framed.follow(piece).expect("an answer");
            }
            assert_eq!((framed.left, framed.header_length), (0, 0), "pieces of {size}");
        }
    }

    #[test]
    fn a_claim_is_refused_before_its_bytes_come() {
        let mut header = vec![b'D'];
        header.extend(0x7fff_ffff_u32.to_be_bytes());
        assert!(matches!(ready().follow(&header), Err(Excess::Bytes { limit_bytes: ROW_BYTES, .. })));
        header[0] = b'E';
        assert!(matches!(ready().follow(&header), Err(Excess::Bytes { limit_bytes: MESSAGE_BYTES, .. })));
    }

    #[test]
    fn an_answer_and_a_handshake_end_with_their_budgets() {
        let row = message(b'D', &[0; 1 << 16]);
        let mut answer = ready();
        let rows = (0..1_000).take_while(|_| answer.follow(&row).is_ok()).count();
        assert_eq!(rows as u64, ANSWER_BYTES / row.len() as u64);
        answer.budget.grant();
        assert_eq!(answer.follow(&row), Ok(()));
        let status = message(b'S', &[b'x'; 1_000]);
        let statuses = (0..9_000).take_while(|_| answer.follow(&status).is_ok()).count() as u64;
        assert!(statuses * status.len() as u64 <= ANSWER_BYTES / UNASKED_WEIGHT, "{statuses}");
        let mut handshake = framed(TlsMode::Disable);
        let statuses = (0..1_000).take_while(|_| handshake.follow(&status).is_ok()).count();
        assert_eq!(statuses as u64, HANDSHAKE_BYTES / status.len() as u64);
    }

    #[test]
    fn a_request_for_the_password_in_cleartext_is_refused_unless_the_server_is_verified() {
        let scram = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        let md5 = message(b'R', &[0, 0, 0, 5, 0, 0, 0, 3]);
        let notice = message(b'N', &[0, 0, 0, 3, 0, 0, 0, 3, b'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        let cleartext = message(b'R', &CLEARTEXT_PASSWORD);
        let cases: [(&[&[u8]], bool); 5] = [
            (&[&scram, &message(b'R', b"\0\0\0\x0bdata"), &message(b'R', &[0; 4])], true),
            (&[&md5, &notice, &message(b'R', &[0; 4])], true),
            (&[&cleartext], false),
            (&[&notice, &cleartext], false),
            (&[&scram, &cleartext], false),
        ];
        for (messages, passes) in cases {
            for size in [1, 2, 3, 7, 1_000] {
                let mut stream = framed(TlsMode::Disable);
                let refused = messages.concat().chunks(size).find_map(|piece| stream.follow(piece).err());
                assert_eq!(
                    refused,
                    (!passes).then_some(Excess::Cleartext),
                    "{messages:?} in pieces of {size}"
                );
            }
        }
        let budget = Arc::new(Budget::handshake());
        let mut verified = Framed::in_phase((), budget, TlsMode::VerifyCa, Phase::Handshake);
        assert_eq!(verified.follow(&cleartext), Ok(()));
    }

    #[test]
    fn what_is_no_protocol_is_known_as_such() {
        for bytes in ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-x\r\n", "ERROR: hunter2\n", "\0\0\0\0\0\0"] {
            assert_eq!(framed(TlsMode::Disable).follow(bytes.as_bytes()), Err(Excess::Protocol), "{bytes:?}");
        }
        // the first byte answers the question for TLS
        assert_eq!(framed(TlsMode::Prefer).follow(b"220 mail ESMTP\r\n"), Err(Excess::Protocol));
        assert_eq!(framed(TlsMode::Prefer).follow(b"S\x16\x03\x03\xff\xff\xff\xff"), Ok(()));
        assert_eq!(ready().follow(b"\x00\x00\x00\x00\x04"), Err(Excess::Protocol));
    }
}
