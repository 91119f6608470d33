//! Reloads the configuration while the server runs, and applies what has changed.

mod control_socket;

use std::sync::Arc;

use basira_actors::monitor::Fleet;
use basira_actors::supervisor::Supervisor;
use serde::Serialize;
use tokio::sync::Mutex;

pub use self::control_socket::{ControlError, ControlSocket, ask};
use crate::blocking::blocking;
use crate::config::{Change, Config, ConfigError, LiveConfig};
use crate::databases::{TargetNetworks, disabled_by_default};
use crate::log::Log;
use crate::samples::ManagedSampleStore;
use crate::storage::store::{Defaults, NewAuditEntry};
use crate::storage::{Storage, StorageError};

/// The running parts that are given a changed configuration; all others read [`LiveConfig`] each time.
pub struct Parts {
    pub storage: Storage,
    pub supervisor: Supervisor,
    pub fleet: Fleet,
    pub samples: Arc<dyn ManagedSampleStore>,
    pub log: Log,
}

/// Reads the configuration again, one reload at a time.
pub struct Reloader {
    config: LiveConfig,
    parts: Parts,
    /// Held during a reload.
    lock: Mutex<()>,
}

/// The result of a reload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reloaded {
    /// In effect from now on.
    pub changed: Vec<Change>,
    /// In effect after the next start.
    pub needs_restart: Vec<Change>,
}

/// A reload failed and changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("the configuration is not changed: {0}")]
    Config(#[from] ConfigError),
    #[error("the configuration is not changed, since the storage failed: {0}")]
    Storage(#[from] StorageError),
}

impl Reloader {
    /// Reloads `config`, and applies what has changed to `parts`.
    #[must_use]
    pub fn new(config: LiveConfig, parts: Parts) -> Self {
        Self { config, parts, lock: Mutex::new(()) }
    }

    /// Reads the configuration again. An invalid one changes nothing.
    ///
    /// # Errors
    /// [`ReloadError`] with the reason why nothing was changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let _lock = self.lock.lock().await;
        let proposal = blocking(|| self.config.reload())?;
        let before = self.config.current();
        apply(&before, proposal.config(), &self.parts).await?;
        self.config.accept(&proposal);
        tracing::info!(
            changed = names(&proposal.changed),
            needs_restart = names(&proposal.needs_restart),
            "the configuration was read again"
        );
        Ok(Reloaded { changed: proposal.changed, needs_restart: proposal.needs_restart })
    }

    /// As [`Self::reload`], for an operator on the machine who did `action`; recorded in the audit log.
    ///
    /// # Errors
    /// As [`Self::reload`].
    pub async fn reload_by_operator(&self, action: &str) -> Result<Reloaded, ReloadError> {
        let reloaded = self.reload().await?;
        let entry = NewAuditEntry::by_operator(action).with("changed", names(&reloaded.changed));
        if let Err(error) = self.parts.storage.record(entry, self.config.current().audit.kept).await {
            tracing::error!("not in the audit log: {error}");
        }
        Ok(reloaded)
    }

    /// As [`Self::reload_by_operator`], for a signal: the outcome is only logged.
    pub async fn reload_for_signal(&self) {
        if let Err(error) = self.reload_by_operator("SIGHUP").await {
            tracing::error!("{error}");
        }
    }
}

/// Applies the differences between `before` and `now` to `parts`; steps that can fail come first.
///
/// # Errors
/// [`StorageError`] when the registrations could not be changed: then nothing was applied.
async fn apply(before: &Config, now: &Config, parts: &Parts) -> Result<(), StorageError> {
    apply_defaults(before, now, parts).await?;
    apply_fleet_settings(before, now, parts);
    if before.samples.retention != now.samples.retention {
        parts.samples.retain(now.samples.retention);
    }
    if before.log.level != now.log.level {
        parts.log.set_level(now.log.level);
    }
    Ok(())
}

/// Changes the databases that were registered without an interval or collectors of their own.
async fn apply_defaults(before: &Config, now: &Config, parts: &Parts) -> Result<(), StorageError> {
    let (old, new) = (&before.collect, &now.collect);
    if old.poll_interval == new.poll_interval && old.disabled_collectors == new.disabled_collectors {
        return Ok(());
    }
    let defaults = |engine| Defaults {
        poll_interval: new.poll_interval,
        disabled_collectors: disabled_by_default(new, engine),
    };
    for id in parts.storage.follow_defaults(defaults).await? {
        parts.supervisor.refresh_soon(id).await;
    }
    Ok(())
}

/// Changes how all databases are connected to, and the rules of their health.
fn apply_fleet_settings(before: &Config, now: &Config, parts: &Parts) {
    let changed = before.targets != now.targets
        || before.auth.signup != now.auth.signup
        || before.health != now.health
        || before.collect.connect_timeout != now.collect.connect_timeout
        || before.collect.max_connects != now.collect.max_connects
        || before.collect.raw_query_text != now.collect.raw_query_text;
    if changed {
        let policy = TargetNetworks::new(Arc::new(now.clone()), parts.storage.clone());
        let running = parts.fleet.current();
        parts.supervisor.set_fleet_settings(now.fleet_settings_after(before, &running, Arc::new(policy)));
    }
}

/// The keys of `changes`.
#[must_use]
pub fn names(changes: &[Change]) -> String {
    changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>().join(", ")
}
