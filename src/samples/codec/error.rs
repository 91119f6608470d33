//! Why samples cannot be encoded or decoded.

/// Bytes that cannot be read, or rows that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(in crate::samples) enum CodecError {
    #[error("the blob ends too early")]
    Truncated,
    #[error("the checksum does not match: the blob was damaged")]
    Checksum,
    #[error("format version {0} is not known; was this written by a newer basira?")]
    Version(u8),
    #[error("the blob holds something else than expected")]
    Kind,
    #[error("the blob contradicts itself")]
    Malformed,
    #[error("compressing failed: {0}")]
    Compression(std::io::Error),
    #[error("packing numbers failed: {0}")]
    Packing(String),
}

impl CodecError {
    pub(super) fn packing(error: pco::errors::PcoError) -> Self {
        Self::Packing(error.to_string())
    }
}
