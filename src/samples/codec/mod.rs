//! Samples as bytes: checked, compressed, columnar. Bytes that were damaged give an error and never a panic.

mod bytes;
mod column;
mod error;
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

pub(super) use error::CodecError;
pub(super) use head::{Head, PagePlace};
pub(super) use record::{Rows, decode_record, decode_series, encode_record};
pub(super) use stripe::{Stripe, pack_stripe};
pub(super) use sums::Sums;
pub(super) use table::Table;
