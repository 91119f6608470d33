//! WebSocket frames of a server, read without keeping their payload: the clients must cost little.

/// Of the payload, the beginning: it names the snapshot.
const HEAD_BYTES: usize = 96;
const LONGEST_HEADER: usize = 10;

pub(crate) const TEXT: u8 = 1;
pub(crate) const PING: u8 = 9;

/// Takes a stream of bytes apart.
#[derive(Default)]
pub(crate) struct Frames {
    header: Vec<u8>,
    head: Vec<u8>,
    /// What is missing of the payload; `None` while the header is not complete.
    missing: Option<usize>,
}

/// A frame that came in whole.
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) bytes: usize,
    pub(crate) head: &'a [u8],
}

impl Frames {
    /// Takes the next `bytes`, and tells of every frame that they complete.
    pub(crate) fn take(&mut self, mut bytes: &[u8], mut complete: impl FnMut(&Frame<'_>)) {
        while !bytes.is_empty() {
            let Some(missing) = self.missing else {
                self.header.push(bytes[0]);
                bytes = &bytes[1..];
                self.missing = payload_bytes(&self.header);
                self.tell_if_whole(&mut complete);
                continue;
            };
            let (payload, rest) = bytes.split_at(missing.min(bytes.len()));
            let room = HEAD_BYTES - self.head.len();
            self.head.extend_from_slice(&payload[..room.min(payload.len())]);
            self.missing = Some(missing - payload.len());
            bytes = rest;
            self.tell_if_whole(&mut complete);
        }
    }

    fn tell_if_whole(&mut self, complete: &mut impl FnMut(&Frame<'_>)) {
        if self.missing == Some(0) {
            let bytes = payload_bytes(&self.header).unwrap_or_default();
            complete(&Frame { opcode: self.header[0] & 0x0f, bytes, head: &self.head });
            self.header.clear();
            self.head.clear();
            self.missing = None;
        }
    }
}

/// How long the payload is, once the header is complete. Servers do not mask.
fn payload_bytes(header: &[u8]) -> Option<usize> {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    match (header.get(1)? & 0x7f, header.len()) {
        (126, 4) => Some(big_endian(&header[2..])),
        (127, LONGEST_HEADER) => Some(big_endian(&header[2..])),
        (126 | 127, _) => None,
        (short, _) => Some(usize::from(short)),
    }
}
