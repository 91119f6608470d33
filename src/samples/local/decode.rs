//! Decoding stored samples, away from the threads that serve requests.

use basira_actors::model::{DatabaseId, Gap, GapReason, Stream, Timestamp};

use crate::samples::StoreError;
use crate::samples::codec::{CodecError, Rows, decode_record};

/// Runs `work` on a thread that may block.
pub(in crate::samples) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Decoding(error.to_string()))
}

/// Decodes the record of `stream` from `from_ms` to `at_ms`; the error is a gap in its place.
pub(in crate::samples) fn decode_or_gap(
    database: DatabaseId,
    stream: &'static Stream,
    (from_ms, at_ms): (i64, i64),
    record: &[u8],
) -> Result<Rows, Gap> {
    decode_record(record, stream.columns.len())
        .map_err(|error| damaged_gap(database, stream, (from_ms, at_ms), &error))
}

/// Logs that stored samples of a span cannot be decoded. Returns the gap in their place.
pub(in crate::samples) fn damaged_gap(
    database: DatabaseId,
    stream: &'static Stream,
    (from_ms, to_ms): (i64, i64),
    error: &CodecError,
) -> Gap {
    tracing::warn!(%database, stream = stream.name, from_ms, to_ms, %error, "stored samples cannot be decoded");
    Gap { stream, from: Timestamp(from_ms), to: Timestamp(to_ms), reason: GapReason::Damaged }
}
