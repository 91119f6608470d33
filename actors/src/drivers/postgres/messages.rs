//! Inspects the messages of a PostgreSQL server before tokio-postgres buffers them whole. Follows the framing of the protocol
//! (a tag, a length, the body) and closes the connection when a message is too long or malformed, or the budget is used up;
//! also when a server whose certificate is not verified requests the password in cleartext, which SCRAM and MD5 do not send.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::drivers::budget::{Budget, MAX_HANDSHAKE_BYTES, MAX_REPLY_BYTES, StreamFault};
use crate::drivers::inspected::{Inspect, Inspected};
use crate::model::TlsMode;

/// The size of a row: a plan, a statement or a piece of a log may be its only cell.
const MAX_ROW_BYTES: u64 = 8 << 20;
/// The size of any other message, including errors and notices.
const MAX_MESSAGE_BYTES: u64 = 1 << 20;
/// The size of a tag and a length.
const HEADER_BYTES: usize = 5;
/// The same with the method of an authentication request.
const AUTHENTICATION_HEADER_BYTES: usize = 9;
const CLEARTEXT_PASSWORD: [u8; 4] = [0, 0, 0, 3];

/// The tags of messages of a handshake: authentication, parameters, keys, ready, errors, notices, version.
const HANDSHAKE_TAGS: &[u8] = b"RSKZENv";
/// The tags of messages after the handshake.
const TAGS: &[u8] = b"123ACDEGHINSTZcdnst";

/// The tags of asynchronous messages: notifications, notices, parameters. A server sends few of them, and each costs more
/// than a row.
const ASYNC_TAGS: &[u8] = b"ANS";
const ASYNC_WEIGHT: u64 = 16;

/// What the next bytes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The one byte that tells whether TLS follows.
    Negotiation,
    /// TLS, whose decrypted stream has an inspector of its own.
    Encrypted,
    Handshake,
    Queries,
}

/// Counts the messages of a server against `budget`.
#[derive(Debug)]
pub(super) struct MessageInspector {
    budget: Arc<Budget>,
    phase: Phase,
    header: [u8; AUTHENTICATION_HEADER_BYTES],
    header_length: usize,
    /// Whether the certificate of the server is verified, so that it may receive the password in cleartext.
    is_verified: bool,
    /// The bytes left of the current message.
    left_bytes: u64,
    /// Whether something was received since something was sent.
    was_read: bool,
}

impl MessageInspector {
    /// Creates the inspector of a new connection. TLS is negotiated on it first, unless `mode` disables that.
    pub(super) const fn new(budget: Arc<Budget>, mode: TlsMode) -> Self {
        let phase = if matches!(mode, TlsMode::Disable) { Phase::Handshake } else { Phase::Negotiation };
        Self::in_phase(budget, mode, phase)
    }

    const fn in_phase(budget: Arc<Budget>, mode: TlsMode, phase: Phase) -> Self {
        let header = [0; AUTHENTICATION_HEADER_BYTES];
        let is_verified = mode.is_verified();
        Self { budget, phase, header, header_length: 0, is_verified, left_bytes: 0, was_read: false }
    }

    /// Follows the framing of `bytes`.
    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), StreamFault> {
        while !bytes.is_empty() {
            match self.phase {
                Phase::Encrypted => return Ok(()),
                Phase::Negotiation => {
                    self.phase = if bytes[0] == b'S' { Phase::Encrypted } else { Phase::Handshake };
                    bytes = &bytes[1..];
                }
                Phase::Handshake | Phase::Queries => bytes = self.follow_message(bytes)?,
            }
        }
        Ok(())
    }

    /// Follows one message. Returns the bytes after what is there of it.
    fn follow_message<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], StreamFault> {
        if self.left_bytes > 0 {
            let length = bytes.len().min(usize::try_from(self.left_bytes).unwrap_or(usize::MAX));
            self.left_bytes -= length as u64;
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

    /// The size of the header of the current message, whose next byte is `next`.
    const fn wanted_header(&self, next: u8) -> usize {
        let tag = if self.header_length == 0 { next } else { self.header[0] };
        match self.phase {
            Phase::Handshake if tag == b'R' => AUTHENTICATION_HEADER_BYTES,
            _ => HEADER_BYTES,
        }
    }

    /// Checks a message by the first `header_length` bytes of it.
    fn begin_message(&mut self, header_length: usize) -> Result<(), StreamFault> {
        let [tag, l0, l1, l2, l3, kind @ ..] = self.header;
        let in_handshake = self.phase == Phase::Handshake;
        let tags = if in_handshake { HANDSHAKE_TAGS } else { TAGS };
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let after_tag = header_length as u64 - 1;
        let left =
            length.checked_sub(after_tag).filter(|_| tags.contains(&tag)).ok_or(StreamFault::Protocol)?;
        let (what, limit_bytes) = match tag {
            // text of another protocol, read as a length, is of gigabytes
            _ if in_handshake && length > MAX_HANDSHAKE_BYTES => return Err(StreamFault::Protocol),
            b'D' => ("a row of the server's answer", MAX_ROW_BYTES),
            b'E' => ("an error of the server", MAX_MESSAGE_BYTES),
            _ => ("a message of the server", MAX_MESSAGE_BYTES),
        };
        if length > limit_bytes {
            return Err(StreamFault::TooLarge { what, limit_bytes });
        }
        let (what, limit_bytes) = if in_handshake {
            ("what the server sends at connect", MAX_HANDSHAKE_BYTES)
        } else {
            ("the server's answer", MAX_REPLY_BYTES)
        };
        let weight = if !in_handshake && ASYNC_TAGS.contains(&tag) { ASYNC_WEIGHT } else { 1 };
        self.budget.take_bytes((length + 1) * weight, what, limit_bytes)?;
        if in_handshake && tag == b'Z' {
            self.phase = Phase::Queries;
        }
        self.left_bytes = left;
        if header_length == AUTHENTICATION_HEADER_BYTES && kind == CLEARTEXT_PASSWORD && !self.is_verified {
            return Err(StreamFault::Cleartext);
        }
        Ok(())
    }

    fn close(&self, fault: StreamFault) -> io::Error {
        self.budget.record(fault);
        io::Error::new(io::ErrorKind::InvalidData, fault)
    }
}

impl Inspect for MessageInspector {
    fn received(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.was_read = true;
        self.follow(bytes).map_err(|fault| self.close(fault))
    }

    fn sending(&mut self) -> io::Result<()> {
        if self.was_read && self.phase != Phase::Encrypted {
            self.was_read = false;
            self.budget.take_round_trip().map_err(|fault| self.close(fault))?;
        }
        Ok(())
    }
}

impl<S: TlsStream + Unpin> TlsStream for Inspected<S, MessageInspector> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Makes TLS connections whose decrypted messages are inspected.
pub(super) struct InspectedTls<T> {
    pub(super) tls: T,
    pub(super) budget: Arc<Budget>,
    pub(super) mode: TlsMode,
}

impl<S, T> TlsConnect<S> for InspectedTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Inspected<T::Stream, MessageInspector>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, T::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let Self { tls, budget, mode } = self;
        let connecting = tls.connect(stream);
        Box::pin(async move {
            let stream = connecting.await?;
            Ok(Inspected { stream, inspector: MessageInspector::in_phase(budget, mode, Phase::Handshake) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspector(mode: TlsMode) -> MessageInspector {
        MessageInspector::new(Arc::new(Budget::handshake()), mode)
    }

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
        [&[tag], &length[..], body].concat()
    }

    fn ready() -> MessageInspector {
        let mut inspector = inspector(TlsMode::Disable);
        let handshake = [message(b'R', &[0; 4]), message(b'S', b"a\0b\0"), message(b'Z', b"I")].concat();
        inspector.follow(&handshake).expect("a handshake");
        inspector.budget.reset();
        inspector
    }

    #[test]
    fn messages_are_followed_however_they_are_cut_into_pieces() {
        let answer = [message(b'T', &[0; 30]), message(b'D', &[7; 300]), message(b'Z', b"I")].concat();
        for size in [1, 2, 3, 7, 64, 4_096] {
            let mut inspector = ready();
            for piece in answer.repeat(5).chunks(size) {
                inspector.follow(piece).expect("an answer");
            }
            assert_eq!((inspector.left_bytes, inspector.header_length), (0, 0), "pieces of {size}");
        }
    }

    #[test]
    fn a_message_is_refused_by_its_length_before_its_body_arrives() {
        let mut header = vec![b'D'];
        header.extend(0x7fff_ffff_u32.to_be_bytes());
        assert!(matches!(
            ready().follow(&header),
            Err(StreamFault::TooLarge { limit_bytes: MAX_ROW_BYTES, .. })
        ));
        header[0] = b'E';
        assert!(matches!(
            ready().follow(&header),
            Err(StreamFault::TooLarge { limit_bytes: MAX_MESSAGE_BYTES, .. })
        ));
    }

    #[test]
    fn a_reply_and_a_handshake_are_limited_by_their_budgets() {
        let row = message(b'D', &[0; 1 << 16]);
        let mut answer = ready();
        let rows = (0..1_000).take_while(|_| answer.follow(&row).is_ok()).count();
        assert_eq!(rows as u64, MAX_REPLY_BYTES / row.len() as u64);
        answer.budget.reset();
        assert_eq!(answer.follow(&row), Ok(()));
        let status = message(b'S', &[b'x'; 1_000]);
        let statuses = (0..9_000).take_while(|_| answer.follow(&status).is_ok()).count() as u64;
        assert!(statuses * status.len() as u64 <= MAX_REPLY_BYTES / ASYNC_WEIGHT, "{statuses}");
        let mut handshake = inspector(TlsMode::Disable);
        let statuses = (0..1_000).take_while(|_| handshake.follow(&status).is_ok()).count();
        assert_eq!(statuses as u64, MAX_HANDSHAKE_BYTES / status.len() as u64);
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
                let mut inspector = inspector(TlsMode::Disable);
                let refused = messages.concat().chunks(size).find_map(|piece| inspector.follow(piece).err());
                assert_eq!(
                    refused,
                    (!passes).then_some(StreamFault::Cleartext),
                    "{messages:?} in pieces of {size}"
                );
            }
        }
        let budget = Arc::new(Budget::handshake());
        let mut verified = MessageInspector::in_phase(budget, TlsMode::VerifyCa, Phase::Handshake);
        assert_eq!(verified.follow(&cleartext), Ok(()));
    }

    #[test]
    fn bytes_of_another_protocol_are_recognized() {
        for bytes in ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-x\r\n", "ERROR: hunter2\n", "\0\0\0\0\0\0"] {
            assert_eq!(
                inspector(TlsMode::Disable).follow(bytes.as_bytes()),
                Err(StreamFault::Protocol),
                "{bytes:?}"
            );
        }
        // the first byte is the reply to the request for TLS
        assert_eq!(inspector(TlsMode::Prefer).follow(b"220 mail ESMTP\r\n"), Err(StreamFault::Protocol));
        assert_eq!(inspector(TlsMode::Prefer).follow(b"S\x16\x03\x03\xff\xff\xff\xff"), Ok(()));
        assert_eq!(ready().follow(b"\x00\x00\x00\x00\x04"), Err(StreamFault::Protocol));
    }
}
