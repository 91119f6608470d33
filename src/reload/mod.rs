//! A configuration that is changed while the server runs: read whole, compared, told to those whom it concerns.

mod control_socket;
mod fleet;
mod log_level;
mod registrations;
mod retention;

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::Mutex;

pub use self::control_socket::{ControlError, ControlSocket, ask};
pub use self::fleet::FleetPart;
pub use self::log_level::LogLevelPart;
pub use self::registrations::RegistrationsPart;
pub use self::retention::RetentionPart;
use crate::blocking::blocking;
use crate::config::{Change, Config, ConfigError, LiveConfig};
use crate::storage::store::NewAuditEntry;
use crate::storage::{Storage, StorageError};

/// Something that has to be told of a change, because it does not ask for the configuration each time.
#[async_trait]
pub trait Part: Send + Sync {
    /// Takes over what is otherwise in `now` than in `before`; does nothing when that does not concern it.
    ///
    /// # Errors
    /// [`StorageError`] when that could not be stored: then nothing is changed.
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError>;
}

/// Reads the configuration again, one reload at a time.
pub struct Reloader {
    config: LiveConfig,
    /// Those that may fail come first.
    parts: Vec<Box<dyn Part>>,
    /// Keeps the audit log.
    storage: Storage,
    turn: Mutex<()>,
}

/// What a reload did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reloaded {
    /// In effect from now on.
    pub changed: Vec<Change>,
    /// In effect after the next start.
    pub needs_restart: Vec<Change>,
}

/// A reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("the configuration is not changed: {0}")]
    Config(#[from] ConfigError),
    #[error("the configuration is not changed, since the storage failed: {0}")]
    Storage(#[from] StorageError),
}

impl Reloader {
    /// Reloads `config` and tells `parts`, of which those that may fail come first.
    #[must_use]
    pub fn new(config: LiveConfig, parts: Vec<Box<dyn Part>>, storage: Storage) -> Self {
        Self { config, parts, storage, turn: Mutex::new(()) }
    }

    /// Reads the configuration again. A bad one changes nothing.
    ///
    /// # Errors
    /// [`ReloadError`] says why nothing was changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let _turn = self.turn.lock().await;
        let proposal = blocking(|| self.config.reload())?;
        let before = self.config.current();
        for part in &self.parts {
            part.settle(&before, proposal.config()).await?;
        }
        self.config.accept(&proposal);
        tracing::info!(
            changed = names(&proposal.changed),
            needs_restart = names(&proposal.needs_restart),
            "the configuration was read again"
        );
        Ok(Reloaded { changed: proposal.changed, needs_restart: proposal.needs_restart })
    }

    /// As [`Self::reload`], for somebody at the machine who did `action`; written into the audit log.
    ///
    /// # Errors
    /// As [`Self::reload`].
    pub async fn reload_by_operator(&self, action: &str) -> Result<Reloaded, ReloadError> {
        let reloaded = self.reload().await?;
        let entry = NewAuditEntry::by_operator(action).with("changed", names(&reloaded.changed));
        if let Err(error) = self.storage.record(entry, self.config.current().audit.kept).await {
            tracing::error!("not in the audit log: {error}");
        }
        Ok(reloaded)
    }

    /// As [`Self::reload_by_operator`], for a signal: nobody reads the outcome but the log.
    pub async fn reload_for_signal(&self) {
        if let Err(error) = self.reload_by_operator("SIGHUP").await {
            tracing::error!("{error}");
        }
    }
}

/// The keys of `changes`.
#[must_use]
pub fn names(changes: &[Change]) -> String {
    changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>().join(", ")
}
