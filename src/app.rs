//! What every request may use; wired once at start.

use std::sync::Arc;

use basira_actors::health::Diagnosis;
use basira_actors::model::{DatabaseStatus, OrganizationId, Status, Timestamp};
use basira_actors::supervisor::{Directory, Supervisor};
use tokio_util::sync::CancellationToken;

use crate::auth::{Accounts, WsTickets};
use crate::config::{Config, LiveConfig, PublicUrl};
use crate::databases::Databases;
use crate::limits::{Limits, LiveStreams};
use crate::reload::Reloader;
use crate::samples::SampleStore;
use crate::storage::store::{DatabaseRecord, NewAuditEntry};
use crate::storage::{Storage, StorageError};

/// The parts of the running server.
pub struct App {
    pub storage: Storage,
    pub accounts: Accounts,
    pub samples: Arc<dyn SampleStore>,
    pub supervisor: Supervisor,
    pub config: LiveConfig,
    pub limits: Limits,
    pub public_url: PublicUrl,
    pub ws_tickets: WsTickets,
    pub live_streams: LiveStreams,
    pub reloader: Arc<Reloader>,
    /// Cancelled when the server stops.
    pub shutdown: CancellationToken,
}

impl App {
    /// What is configured now.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.config.current()
    }

    /// Writes `entry` into the audit log.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn record(&self, entry: NewAuditEntry) -> Result<(), StorageError> {
        self.storage.record(entry, self.config().audit.kept).await
    }

    /// Where the actor of each database is found.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        self.supervisor.directory()
    }

    /// What is known of `database` now; without an actor, what was known last.
    #[must_use]
    pub fn status(&self, database: &DatabaseRecord) -> DatabaseStatus {
        let known = self.directory().find(database.id).map(|handle| handle.status());
        let known = known.unwrap_or_else(|| DatabaseStatus {
            status: Status::Disconnected,
            last_seen_at: None,
            last_error: database.last_error.clone(),
            engine_version: None,
        });
        DatabaseStatus {
            last_seen_at: known.last_seen_at.or(database.last_seen_at),
            engine_version: known.engine_version.or_else(|| database.engine_version.clone()),
            ..known
        }
    }

    /// What the doctor says of `database` now.
    #[must_use]
    pub fn diagnosis(&self, database: &DatabaseRecord) -> Arc<Diagnosis> {
        let engine = database.engine;
        let away = || Diagnosis::disconnected(engine, Timestamp::now(), None, "it is not watched yet");
        let handle = self.directory().find(database.id);
        handle.map_or_else(|| Arc::new(away()), |handle| handle.diagnosis(engine))
    }

    /// The score of `database` now; none without fresh samples.
    #[must_use]
    pub fn health_score(&self, database: &DatabaseRecord) -> Option<u8> {
        self.diagnosis(database).score
    }

    /// The databases of one organization.
    #[must_use]
    pub fn databases(&self, organization: OrganizationId) -> Databases<'_> {
        Databases {
            organization,
            storage: &self.storage,
            samples: &*self.samples,
            supervisor: &self.supervisor,
            config: self.config(),
        }
    }
}
