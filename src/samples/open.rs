//! Opens the store that the configuration names.

use std::sync::Arc;

use sea_orm::DatabaseConnection;

use super::clickhouse::{self, ClickHouseOptions, ClickHouseStore};
use super::{ManagedSampleStore, Retention, SegmentStore, StoreError, Usage, segments};
use crate::config::{Dsn, DsnError};
use crate::storage::Storage;

/// The store cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("samples.url must be clickhouse://USER:PASSWORD@HOST:PORT/DATABASE: {0}")]
    Url(#[from] DsnError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the store that keeps its tables in `storage`; when `url` (the value of `samples.url`) names a ClickHouse, only
/// until they have arrived there. Its tasks run on the current runtime until it is closed.
///
/// # Errors
/// [`OpenError`] when `url` cannot be understood. A ClickHouse that does not answer is waited for.
pub fn open(
    storage: &Storage,
    url: Option<&str>,
    retention: Retention,
) -> Result<Arc<dyn ManagedSampleStore>, OpenError> {
    let (writer, reader) = (storage.writer().clone(), storage.reader().clone());
    Ok(match clickhouse_options(url, retention)? {
        Some(options) => Arc::new(ClickHouseStore::new(writer, reader, &options)),
        None => Arc::new(SegmentStore::new(writer, reader, retention)),
    })
}

/// What the store holds, asked beside the server that runs it: nothing is started and nothing of ours written.
/// `reader` is a connection to the tables.
///
/// # Errors
/// [`OpenError`] when `url` cannot be understood, or the store does not answer.
pub async fn usage(
    reader: &DatabaseConnection,
    url: Option<&str>,
    retention: Retention,
) -> Result<Usage, OpenError> {
    Ok(match clickhouse_options(url, retention)? {
        Some(options) => clickhouse::usage_of(reader, &options).await?,
        None => segments::usage_of(reader, retention).await?,
    })
}

fn clickhouse_options(
    url: Option<&str>,
    retention: Retention,
) -> Result<Option<ClickHouseOptions>, DsnError> {
    let clickhouse = url.filter(|url| url.starts_with("clickhouse:"));
    clickhouse.map(|url| Ok(ClickHouseOptions::new(Dsn::parse(url)?, retention))).transpose()
}
