//! Variable-length integers.

use super::CodecError;

/// Seven bits a byte, the lowest first.
pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zig-zag: small magnitudes of either sign stay short.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Ascending numbers as the steps between them.
pub(super) fn put_ascending(out: &mut Vec<u8>, values: &[u64]) {
    let mut previous = 0_u64;
    for &value in values {
        put(out, value.wrapping_sub(previous));
        previous = value;
    }
}

/// What is left to read.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, CodecError> {
        let (&first, rest) = self.0.split_first().ok_or(CodecError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(CodecError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0_u64;
        for (index, &byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err(if self.0.len() < 10 { CodecError::Truncated } else { CodecError::Malformed })
    }

    pub(super) fn signed(&mut self) -> Result<i64, CodecError> {
        let raw = self.varint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// A number of things of which each takes at least one byte of the rest: nothing is allocated on a lie.
    pub(super) fn count(&mut self) -> Result<usize, CodecError> {
        let count = usize::try_from(self.varint()?).map_err(|_| CodecError::Malformed)?;
        if count > self.0.len() { Err(CodecError::Truncated) } else { Ok(count) }
    }

    /// A number of things that take no bytes here, but are known to be at most `most`.
    pub(super) fn count_upto(&mut self, most: usize) -> Result<usize, CodecError> {
        let count = usize::try_from(self.varint()?).map_err(|_| CodecError::Malformed)?;
        if count > most { Err(CodecError::Malformed) } else { Ok(count) }
    }

    /// Bytes with their length in front.
    pub(super) fn part(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.count()?;
        self.take(length)
    }

    pub(super) fn ascending(&mut self, count: usize) -> Result<Vec<u64>, CodecError> {
        let mut previous = 0_u64;
        (0..count)
            .map(|_| {
                previous = previous.wrapping_add(self.varint()?);
                Ok(previous)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, put, put_signed};

    #[test]
    fn the_ends_of_the_range_are_decoded_as_encoded() {
        for value in [0, 1, -1, 63, 64, -65, i64::MAX, i64::MIN + 1, i64::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            put(&mut out, value.cast_unsigned());
            let mut bytes = Bytes(&out);
            assert_eq!(bytes.signed().unwrap(), value);
            assert_eq!(bytes.varint().unwrap(), value.cast_unsigned());
            assert!(bytes.byte().is_err());
        }
    }

    #[test]
    fn a_number_without_an_end_is_refused() {
        assert!(Bytes(&[0xff; 20]).varint().is_err());
        assert!(Bytes(&[0xff; 3]).varint().is_err());
    }
}
