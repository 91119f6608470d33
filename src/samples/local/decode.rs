//! Decoding stored samples away from the threads that serve.

use crate::samples::StoreError;

/// Decoding is work: it must not hold up the threads that serve.
pub(in crate::samples) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Decoding(error.to_string()))
}
