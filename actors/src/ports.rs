//! The interfaces that the server implements for the actors.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{
    Batch, Checkup, DatabaseId, History, HistoryQuery, LastValues, OrganizationId, Stream, Target, Timestamp,
};

/// Stores samples, and reads back what collectors and health rules need of them.
#[async_trait]
pub trait SampleRepository: Send + Sync + 'static {
    /// Stores `batch` atomically. Once this returns `Ok`, the batch survives a crash.
    ///
    /// # Errors
    /// [`RepositoryError`] when nothing was stored. The caller keeps the batch and tries again.
    async fn append(&self, batch: Arc<Batch>) -> Result<(), RepositoryError>;

    /// Returns the end of the newest record or gap of `stream`, if there is one.
    ///
    /// # Errors
    /// [`RepositoryError`] when the samples cannot be read.
    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError>;

    /// Returns the newest values of each series of `stream`. For small streams whose collector compares its first sample
    /// after a start with the last one before.
    ///
    /// # Errors
    /// [`RepositoryError`] when the samples cannot be read.
    async fn last_values(
        &self,
        _organization: OrganizationId,
        _database: DatabaseId,
        _stream: &'static Stream,
    ) -> Result<LastValues, RepositoryError> {
        Ok(LastValues::default())
    }

    /// Returns the stored samples of a span of time, for health rules.
    ///
    /// # Errors
    /// [`RepositoryError`] when the samples cannot be read.
    async fn history(
        &self,
        _organization: OrganizationId,
        _database: DatabaseId,
        _query: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        Ok(History::default())
    }
}

/// Reading or storing samples failed.
#[derive(Debug, thiserror::Error)]
#[error("the sample store failed: {0}")]
pub struct RepositoryError(pub String);

/// The registry of databases: which to watch, and the state observed of each.
#[async_trait]
pub trait TargetRegistry: Send + Sync + 'static {
    /// Returns every registered database.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry cannot be read.
    async fn all(&self) -> Result<Vec<Target>, RegistryError>;

    /// Returns the current registration of `id`; `None` when it is not registered.
    ///
    /// # Errors
    /// [`RegistryError`] when the registry cannot be read.
    async fn find(&self, id: DatabaseId) -> Result<Option<Target>, RegistryError>;

    /// Records the state that polls observed.
    ///
    /// # Errors
    /// [`RegistryError`] when it could not be written.
    async fn record_observation(&self, id: DatabaseId, observation: Observation)
    -> Result<(), RegistryError>;

    /// Records the health score and the advice.
    ///
    /// # Errors
    /// [`RegistryError`] when it could not be written.
    async fn record_checkup(&self, id: DatabaseId, checkup: Checkup) -> Result<(), RegistryError>;
}

/// Reading or writing the registry of databases failed.
#[derive(Debug, thiserror::Error)]
#[error("the registry of databases failed: {0}")]
pub struct RegistryError(pub String);

/// The state of a database as observed by polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub last_seen_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub engine_version: Option<String>,
}

/// Decides which addresses may be connected to.
#[async_trait]
pub trait AddressPolicy: Send + Sync + 'static {
    /// Whether connecting to `address` is allowed.
    fn allows(&self, address: IpAddr) -> bool;

    /// Returns the policy for the databases of `organization`, if it has its own. Called at each connect.
    async fn for_organization(&self, organization: OrganizationId) -> Option<Arc<dyn AddressPolicy>> {
        let _ = organization;
        None
    }

    /// Resolves `host`, which may be an address itself.
    ///
    /// # Errors
    /// When the name cannot be resolved.
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.map(|address| address.ip()).collect())
    }
}
