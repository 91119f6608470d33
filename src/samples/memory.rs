//! What a stream came to in the end.

use basira_actors::model::{LastValues, Stream, Timestamp};
use basira_actors::ports::RepositoryError;

use super::{SampleStore, Scope, Wanted, Window, named};

const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };

/// The newest values of each series of `stream`, with the texts of its word columns.
pub(super) async fn remember(
    store: &dyn SampleStore,
    scope: Scope,
    stream: &'static Stream,
) -> Result<LastValues, RepositoryError> {
    let failed = |error: super::StoreError| RepositoryError(error.to_string());
    let totals = store.totals(scope, stream, EVER, &Wanted::ALL).await.map_err(failed)?;
    let hashes = named::words(stream, totals.iter().map(|total| &total.values[..]));
    let words = store.words(scope.organization, &hashes).await.map_err(failed)?;
    Ok(LastValues {
        rows: totals.into_iter().map(|total| (total.group, total.values)).collect(),
        texts: words,
    })
}
