//! What failed of a run over all streams: the others are done all the same, so that one tenant's fault is not everyone's.

use crate::samples::StoreError;
use crate::storage::is_unavailable;

/// Keeps the first failure.
#[derive(Debug, Default)]
pub(super) struct Failures(Option<StoreError>);

impl Failures {
    /// Notes what came of a part, to be reported at the end.
    ///
    /// # Errors
    /// [`StoreError`] at once when no other part would fare better: the storage itself is away.
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

    /// What failed first, if anything did.
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
