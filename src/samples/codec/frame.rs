//! What is around every blob: version, kind, checksum, length, and compression where the content is not packed already.

use std::borrow::Cow;

use super::CodecError;

const VERSION: u8 = 1;
/// Version, kind, checksum, raw length.
const HEADER: usize = 10;
/// No blob is larger when opened: a wrong length must not take the memory.
const MAX_RAW_BYTES: usize = 256 << 20;

/// What a frame holds. The numbers are stored; 2 to 4 were used by an older format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Record = 1,
    Head = 5,
    Page = 6,
    Sums = 7,
}

impl Kind {
    /// The level of zstd; none where the numbers are packed and would not get smaller.
    const fn level(self) -> Option<i32> {
        match self {
            Self::Record | Self::Head => Some(3),
            Self::Page | Self::Sums => None,
        }
    }
}

/// `raw` compressed and checked.
pub(super) fn close(kind: Kind, raw: &[u8]) -> Result<Vec<u8>, CodecError> {
    let length = u32::try_from(raw.len()).map_err(|_| CodecError::Malformed)?;
    let packed = match kind.level() {
        Some(level) => &zstd::bulk::compress(raw, level).map_err(CodecError::Compression)?,
        None => raw,
    };
    let mut out = Vec::with_capacity(HEADER + packed.len());
    out.extend([VERSION, kind as u8]);
    out.extend(checksum([VERSION, kind as u8], length, packed).to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(packed);
    Ok(out)
}

/// The raw bytes of a frame of this kind.
pub(super) fn open(kind: Kind, frame: &[u8]) -> Result<Cow<'_, [u8]>, CodecError> {
    let (header, packed) = frame.split_first_chunk::<HEADER>().ok_or(CodecError::Truncated)?;
    let [version, found, c0, c1, c2, c3, l0, l1, l2, l3] = *header;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    if version != VERSION {
        return Err(CodecError::Version(version));
    }
    if checksum([version, found], length, packed) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(CodecError::Checksum);
    }
    if found != kind as u8 {
        return Err(CodecError::Kind);
    }
    let raw_bytes = usize::try_from(length).map_err(|_| CodecError::Malformed)?;
    if raw_bytes > MAX_RAW_BYTES {
        return Err(CodecError::Malformed);
    }
    let raw: Cow<'_, [u8]> = match kind.level() {
        Some(_) => zstd::bulk::decompress(packed, raw_bytes).map_err(|_| CodecError::Malformed)?.into(),
        None => packed.into(),
    };
    if raw.len() == raw_bytes { Ok(raw) } else { Err(CodecError::Malformed) }
}

fn checksum(start: [u8; 2], length: u32, packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&start);
    hasher.update(&length.to_le_bytes());
    hasher.update(packed);
    hasher.finalize()
}
