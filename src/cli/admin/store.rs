//! `basira admin store`: the contents and size of the sample store.

use basira_actors::model::{Secret, Timestamp};
use clap::Args;

use super::report::Report;
use crate::config::Config;
use crate::output;
use crate::samples::{self, OpenError};
use crate::storage::{StorageError, StorageReader};

/// The options of `basira admin store`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StoreOptions {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The store cannot be read, or the report cannot be printed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum StoreError {
    #[error("opening the storage failed: {0}")]
    Storage(#[from] StorageError),
    #[error("opening the storage of samples failed: {0}; check samples.url")]
    SamplesStorage(StorageError),
    #[error(transparent)]
    Samples(#[from] OpenError),
    #[error("printing the report failed: {0}")]
    Json(#[from] serde_json::Error),
    #[error("printing the report failed: {0}")]
    Print(#[from] std::io::Error),
}

/// Only reads; the server may be running.
pub(super) async fn run(options: &StoreOptions, config: &Config) -> Result<(), StoreError> {
    let storage = open(&config.storage_url()).await?;
    let names = storage.database_names().await?;
    let tables = match config.own_samples_url() {
        Some(url) => open(url).await.map_err(StoreError::SamplesStorage)?,
        None => storage,
    };
    let url = config.samples.url.as_ref().map(Secret::expose);
    let usage = samples::open::usage(tables.connection(), url, config.samples.retention).await?;
    let report = Report::new(&usage, &names, Timestamp::now());
    if options.json {
        output::print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        output::print(&report.text())?;
    }
    Ok(())
}

async fn open(url: &Secret) -> Result<StorageReader, StorageError> {
    let reader = StorageReader::open(url.expose()).await?;
    reader.check_schema().await?;
    Ok(reader)
}
