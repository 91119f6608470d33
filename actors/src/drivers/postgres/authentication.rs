//! What a server asks for when it authenticates us, read on its way in: no password is sent as it is to a server that has
//! not proved who it is. SCRAM and MD5 do not send it.

use std::io;

/// `R`, the length, and the kind of authentication.
const HEAD_BYTES: usize = 9;
const TYPE_AND_LENGTH_BYTES: usize = 5;
const AUTHENTICATION: u8 = b'R';
const OK: [u8; 4] = [0, 0, 0, 0];
const CLEARTEXT_PASSWORD: [u8; 4] = [0, 0, 0, 3];

/// The server asked for the password in cleartext.
#[derive(Debug, thiserror::Error)]
#[error("the server asks for the password in cleartext")]
pub(super) struct CleartextRefused;

/// Follows the messages of the server, however they are cut into pieces, until it is content with us.
#[derive(Debug, Default)]
pub(super) struct AuthenticationWatch {
    /// The beginning of the message that is arriving.
    head: Vec<u8>,
    /// What is left of the message before it.
    skipped_bytes: usize,
    is_over: bool,
}

impl AuthenticationWatch {
    /// Reads on: `bytes` have arrived.
    ///
    /// # Errors
    /// [`CleartextRefused`] inside of an [`io::Error`]; the connection must not be used any more.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !self.is_over && !bytes.is_empty() {
            let skipped = self.skipped_bytes.min(bytes.len());
            self.skipped_bytes -= skipped;
            bytes = &bytes[skipped..];
            let missing = (self.wanted_bytes() - self.head.len()).min(bytes.len());
            let (more, rest) = bytes.split_at(missing);
            self.head.extend_from_slice(more);
            bytes = rest;
            if self.head.len() == self.wanted_bytes() {
                self.judge()?;
            }
        }
        Ok(())
    }

    /// How much of a message has to be seen; its first byte says so.
    fn wanted_bytes(&self) -> usize {
        if self.head.first() == Some(&AUTHENTICATION) { HEAD_BYTES } else { TYPE_AND_LENGTH_BYTES }
    }

    fn judge(&mut self) -> io::Result<()> {
        let head = std::mem::take(&mut self.head);
        let ([_, length @ ..], kind) = (head.first_chunk::<5>().copied().unwrap_or_default(), head.get(5..));
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        // the length counts itself, but not the byte before it
        let left = length.saturating_add(1).checked_sub(head.len());
        self.skipped_bytes = left.ok_or(io::ErrorKind::InvalidData)?;
        match kind {
            Some(kind) if *kind == CLEARTEXT_PASSWORD => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, CleartextRefused))
            }
            Some(kind) if *kind == OK => {
                self.is_over = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), body].concat()
    }

    /// Whether what a server sends is let through, cut into pieces of `size`.
    fn passes(sent: &[u8], size: usize) -> bool {
        let mut watch = AuthenticationWatch::default();
        sent.chunks(size).all(|piece| watch.read(piece).is_ok())
    }

    #[test]
    fn only_a_request_for_cleartext_is_refused() {
        let sasl = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        let md5 = message(b'R', &[0, 0, 0, 5, 0, 0, 0, 3]);
        let notice = message(b'N', &[0, 0, 0, 3, 0, 0, 0, 3, b'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        let cleartext = message(b'R', &CLEARTEXT_PASSWORD);
        let ok = message(b'R', &OK);
        let cases: [(&[&[u8]], bool); 7] = [
            (&[&sasl, &message(b'R', b"\0\0\0\x0bdata"), &message(b'R', b"\0\0\0\x0cdata"), &ok], true),
            (&[&md5, &ok], true),
            (&[&notice, &ok], true),
            (&[&cleartext], false),
            (&[&notice, &cleartext], false),
            (&[&sasl, &cleartext], false),
            // what comes later is no question
            (&[&ok, &cleartext], true),
        ];
        for (messages, expected) in cases {
            for size in [1, 2, 3, 7, 1_000] {
                assert_eq!(passes(&messages.concat(), size), expected, "{messages:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_refused() {
        for length in [0, 1, 3] {
            assert!(!passes(&[b'R', 0, 0, 0, length, 0, 0, 0, 3], 1_000), "{length}");
            assert!(!passes(&[b'N', 0, 0, 0, length], 1_000), "{length}");
        }
    }
}
