//! The failures of a run over all streams: the other streams are still processed, so that a fault of one tenant does not
//! affect the others.

use crate::samples::StoreError;
use crate::storage::is_unavailable;

/// Keeps the first failure.
#[derive(Debug, Default)]
pub(super) struct Failures(Option<StoreError>);

impl Failures {
    /// Records the result of a part.
    ///
    /// # Errors
    /// [`StoreError`] at once when every other part would fail too: the storage is unavailable.
    pub(super) fn note(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        match result {
            Err(error) if error.concerns_all() => Err(error),
            Err(error) => {
                self.0.get_or_insert(error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Returns the first failure, if any.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        self.0.map_or(Ok(()), Err)
    }
}

impl StoreError {
    fn concerns_all(&self) -> bool {
        match self {
            Self::Database(error) => is_unavailable(error),
            Self::Closed => true,
            Self::ClickHouse(_) | Self::Decoding(_) | Self::Encoding(_) => false,
        }
    }
}
