//! What the actors need from outside, as traits that the outside implements.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{
    Batch, Checkup, DatabaseId, History, HistoryQuery, LastValues, OrganizationId, Stream, Target, Timestamp,
};

/// Where samples go.
#[async_trait]
pub trait SampleRepository: Send + Sync + 'static {
    /// Stores `batch` whole or not at all. Once this returns `Ok`, the batch survives a crash.
    ///
    /// # Errors
    /// [`RepositoryError`] when nothing was stored; the caller keeps what it had and marks a gap.
    async fn append(&self, batch: Arc<Batch>) -> Result<(), RepositoryError>;

    /// The end of the newest record or gap of `stream`, if there is any.
    ///
    /// # Errors
    /// [`RepositoryError`] when the store cannot be read.
    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError>;

    /// The newest values of each series of `stream`; for small streams whose collector compares what it sees after a
    /// start with what was so before.
    ///
    /// # Errors
    /// [`RepositoryError`] when the store cannot be read.
    async fn last_values(
        &self,
        _organization: OrganizationId,
        _database: DatabaseId,
        _stream: &'static Stream,
    ) -> Result<LastValues, RepositoryError> {
        Ok(LastValues::default())
    }

    /// What is stored of a span, for rules that look at more than an instant.
    ///
    /// # Errors
    /// [`RepositoryError`] when the store cannot be read.
    async fn history(
        &self,
        _organization: OrganizationId,
        _database: DatabaseId,
        _look: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        Ok(History::default())
    }
}

/// The store refused.
#[derive(Debug, thiserror::Error)]
#[error("the sample store failed: {0}")]
pub struct RepositoryError(pub String);

/// Where the registered databases are, and where to note that one was seen.
#[async_trait]
pub trait TargetRegistry: Send + Sync + 'static {
    /// Every database to watch.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry cannot be read.
    async fn all(&self) -> Result<Vec<Target>, RegistryError>;

    /// The database as it is registered now; `None` when it is not any more.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry cannot be read.
    async fn find(&self, id: DatabaseId) -> Result<Option<Target>, RegistryError>;

    /// Keeps what a poll learned about the database itself.
    ///
    /// # Errors
    /// [`RegistryError`] when it could not be written.
    async fn record_observation(&self, id: DatabaseId, observation: Observation)
    -> Result<(), RegistryError>;

    /// Keeps how healthy the database is and what it is advised.
    ///
    /// # Errors
    /// [`RegistryError`] when it could not be written.
    async fn record_checkup(&self, id: DatabaseId, checkup: Checkup) -> Result<(), RegistryError>;
}

/// The registry of databases refused.
#[derive(Debug, thiserror::Error)]
#[error("the registry of databases failed: {0}")]
pub struct RegistryError(pub String);

/// What a poll learned about a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub last_seen_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub engine_version: Option<String>,
}

/// Which addresses a database may live at.
#[async_trait]
pub trait AddressPolicy: Send + Sync + 'static {
    /// Whether connecting to `address` is allowed.
    fn allows(&self, address: IpAddr) -> bool;

    /// What holds for the databases of `organization`, where organizations differ. Asked at each connect.
    async fn for_organization(&self, organization: OrganizationId) -> Option<Arc<dyn AddressPolicy>> {
        let _ = organization;
        None
    }

    /// The addresses of `host`, which may be one itself, as they are now.
    ///
    /// # Errors
    /// When the name cannot be resolved.
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.map(|address| address.ip()).collect())
    }
}
