//! The store that the configuration asks for.

use std::sync::Arc;

use sea_orm::DatabaseConnection;

use super::{Retention, SampleKeeping, SegmentStore, StoreError, Usage, usage};
use crate::storage::Storage;

/// The store cannot be opened or looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "samples.url names a ClickHouse, where this version cannot keep samples yet; \
         write sqlite://PATH or postgres://..., or leave the key out to keep them in the storage"
    )]
    ClickHouse,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the store that keeps its tables in `storage`, unless `url` (the value of `samples.url`) names another engine.
/// Its tasks run on the current runtime until it is closed.
///
/// # Errors
/// [`OpenError`] when the engine of `url` cannot be used.
pub async fn open(
    storage: &Storage,
    url: Option<&str>,
    retention: Retention,
) -> Result<Arc<dyn SampleKeeping>, OpenError> {
    if is_clickhouse(url) {
        return Err(OpenError::ClickHouse);
    }
    Ok(Arc::new(SegmentStore::new(storage.writer().clone(), storage.reader().clone(), retention)))
}

/// What the store holds, asked beside the server that runs it: nothing is started and nothing written.
/// `reader` is a connection to the tables.
///
/// # Errors
/// [`OpenError`] when the engine of `url` cannot be used, or does not answer.
pub async fn usage(
    reader: &DatabaseConnection,
    url: Option<&str>,
    retention: Retention,
) -> Result<Usage, OpenError> {
    if is_clickhouse(url) {
        return Err(OpenError::ClickHouse);
    }
    Ok(usage::of(reader, retention).await?)
}

fn is_clickhouse(url: Option<&str>) -> bool {
    url.is_some_and(|url| url.starts_with("clickhouse:"))
}
