//! What is around every blob: version, kind, checksum, length, and compression.

use super::CodecError;

const VERSION: u8 = 1;
/// Version, kind, checksum, raw length.
const HEADER: usize = 10;
/// No blob is larger when opened: a wrong length must not take the memory.
const MAX_RAW_BYTES: usize = 256 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Record = 1,
    Directory = 2,
    Block = 3,
    Sums = 4,
}

/// `raw` compressed and checked.
pub(super) fn close(kind: Kind, raw: &[u8], level: i32) -> Result<Vec<u8>, CodecError> {
    let length = u32::try_from(raw.len()).map_err(|_| CodecError::Malformed)?;
    let packed = zstd::bulk::compress(raw, level).map_err(CodecError::Compression)?;
    let mut out = Vec::with_capacity(HEADER + packed.len());
    out.extend([VERSION, kind as u8]);
    out.extend(checksum([VERSION, kind as u8], length, &packed).to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(packed);
    Ok(out)
}

/// The raw bytes of a frame of this kind.
pub(super) fn open(kind: Kind, frame: &[u8]) -> Result<Vec<u8>, CodecError> {
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
    let raw = zstd::bulk::decompress(packed, raw_bytes).map_err(|_| CodecError::Malformed)?;
    if raw.len() == raw_bytes { Ok(raw) } else { Err(CodecError::Malformed) }
}

fn checksum(start: [u8; 2], length: u32, packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&start);
    hasher.update(&length.to_le_bytes());
    hasher.update(packed);
    hasher.finalize()
}
