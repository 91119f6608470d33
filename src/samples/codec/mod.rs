//! Samples as bytes: checked, compressed, columnar. Bytes that were damaged give an error and never a panic.

mod bytes;
mod column;
mod frame;
#[cfg(test)]
mod fuzz;
mod head;
mod numbers;
mod predict;
mod record;
mod stripe;
mod sums;
mod table;
#[cfg(test)]
mod tests;

pub(super) use head::{Head, PagePlace};
pub(super) use record::{Rows, decode_record, decode_series, encode_record};
pub(super) use stripe::{Stripe, pack_stripe};
pub(super) use sums::Sums;
pub(super) use table::Table;

/// Bytes that cannot be read, or rows that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodecError {
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
    fn packing(error: pco::errors::PcoError) -> Self {
        Self::Packing(error.to_string())
    }
}
