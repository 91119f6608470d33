//! What the commands about accounts share.

use basira_actors::model::Timestamp;

use crate::auth::{AccountError, Accounts};
use crate::config::{Config, LiveConfig, Secrets, SecretsError};
use crate::mail::Mailer;
use crate::run::{self, ServeError};
use crate::storage::store::NewAuditEntry;
use crate::storage::{Storage, StorageError};

/// A command about accounts failed, and changed nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum AdminError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Open(#[from] ServeError),
    #[error("the storage refused: {0}")]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("{0} has no account on this server; they must sign up or accept an invitation first")]
    Unknown(String),
    #[error("{0} is not an instance admin; list them with: basira admin instance-admin list")]
    NotAdmin(String),
    #[error("{0} is the last instance admin; grant it to another user first")]
    LastAdmin(String),
}

/// The accounts of this instance, opened by a command.
pub(super) struct AdminContext<'a> {
    config: &'a Config,
    pub(super) storage: Storage,
    pub(super) accounts: Accounts,
    pub(super) now: Timestamp,
}

impl<'a> AdminContext<'a> {
    pub(super) async fn open(config: &'a Config) -> Result<Self, AdminError> {
        let secrets = Secrets::of(config)?;
        let storage = run::open_storage(config, &secrets).await?;
        let live = LiveConfig::new(config.clone());
        let mailer = Mailer::new(live.clone());
        let accounts = run::accounts(&live, secrets, &storage, &mailer, config.http.listen);
        Ok(Self { config, storage, accounts, now: Timestamp::now() })
    }

    /// Adds to the audit log that the operator ran `command` of `basira admin`.
    pub(super) async fn record(
        &self,
        command: &str,
        tell: impl FnOnce(NewAuditEntry) -> NewAuditEntry,
    ) -> Result<(), AdminError> {
        let entry = tell(NewAuditEntry::by_operator(format!("basira admin {command}")));
        Ok(self.storage.record(entry, self.config.audit.kept).await?)
    }

    /// Closes the storage, so that changes are on disk, and returns `outcome`.
    pub(super) async fn close(self, outcome: Result<(), AdminError>) -> Result<(), AdminError> {
        self.storage.close().await?;
        outcome
    }
}
