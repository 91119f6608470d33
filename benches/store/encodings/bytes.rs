//! Numbers and stretches of bytes in a row.

use basira_benches::Failure;

/// Puts things behind each other.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// `bytes` with their length in front.
    pub(super) fn stretch(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// Takes them out again in the same order.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn varint(&mut self) -> Result<u64, Failure> {
        let mut value = 0;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first().ok_or("the bytes end too early")?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number is too long".into())
    }

    pub(super) fn stretch(&mut self) -> Result<&'a [u8], Failure> {
        let length = usize::try_from(self.varint()?)?;
        let (stretch, rest) = self.0.split_at_checked(length).ok_or("the bytes end too early")?;
        self.0 = rest;
        Ok(stretch)
    }
}
