//! What every request may use; wired once at start.

use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{DatabaseId, Engine, OrganizationId, Secret, Timestamp};
use basira_actors::supervisor::Directory;
use tokio_util::sync::CancellationToken;

use crate::auth::Principal;
use crate::http::{LiveStreams, PublicUrl, Tickets};
use crate::samples::SampleStore;

/// The parts of the running server.
pub struct App {
    pub authenticator: Arc<dyn Authenticator>,
    pub registry: Arc<dyn Registry>,
    pub samples: Arc<dyn SampleStore>,
    pub directory: Directory,
    pub public_url: PublicUrl,
    pub tickets: Tickets,
    pub live: LiveStreams,
    /// Cancelled when the server stops.
    pub shutdown: CancellationToken,
}

/// What a caller showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    AccessToken { token: Secret, from_cookie: bool },
    ApiKey(Secret),
}

/// Tells who is asking.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    async fn authenticate(&self, shown: Shown) -> Result<Principal, AuthError>;
}

/// The caller is nobody we know.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("the credential is not valid")]
    Invalid,
    #[error("the access token has expired")]
    Expired,
    #[error("checking the credential failed: {0}")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A registered database, as far as the read endpoints need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub id: DatabaseId,
    pub engine: Engine,
    pub last_seen_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

/// Finds databases; no look-up without the tenant.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    async fn find(
        &self,
        organization: OrganizationId,
        id: DatabaseId,
    ) -> Result<Option<Registered>, RegistryError>;

    /// Whether storage is reachable and migrated.
    async fn ready(&self) -> Result<(), RegistryError>;
}

/// Storage refused.
#[derive(Debug, thiserror::Error)]
#[error("reading the registry of databases failed: {0}")]
pub struct RegistryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
