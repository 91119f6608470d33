//! `basira admin instance-admin`: who runs the instance, beside the server or instead of it.

use basira_actors::model::Timestamp;
use clap::Subcommand;

use crate::auth::normalised_email;
use crate::config::{Config, Secrets, SecretsError};
use crate::run::{self, ServeError};
use crate::storage::store::{Demoted, NewAuditEntry};
use crate::storage::{Storage, StorageError};

/// What to do to whom.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum InstanceAdminCommand {
    /// Say who runs the instance
    List,
    /// Let the person with this e-mail address run the instance; a running server knows within a second
    Grant { email: String },
    /// Take the instance from the person with this e-mail address
    Revoke { email: String },
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum InstanceAdminError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Open(#[from] ServeError),
    #[error("the storage refused: {0}")]
    Storage(#[from] StorageError),
    #[error("nobody has an account with the address {0}; they must sign up or accept an invitation first")]
    Unknown(String),
    #[error("{0} does not run the instance; list who does with: basira admin instance-admin list")]
    NotOne(String),
    #[error("{0} is the last instance admin; grant it to somebody else first")]
    LastOne(String),
}

pub(super) async fn run(command: &InstanceAdminCommand, config: &Config) -> Result<(), InstanceAdminError> {
    let storage = run::open_storage(config, &Secrets::of(config)?).await?;
    let outcome = carry_out(command, config, &storage).await;
    storage.close().await?;
    outcome
}

async fn carry_out(
    command: &InstanceAdminCommand,
    config: &Config,
    storage: &Storage,
) -> Result<(), InstanceAdminError> {
    let now = Timestamp::now();
    match command {
        InstanceAdminCommand::List => {
            for admin in storage.instance_admins().await? {
                say!("{} {}", admin.email, admin.name);
            }
        }
        InstanceAdminCommand::Grant { email } => {
            let email = normalised_email(email);
            let admin = storage.promote(&email, now).await?;
            let admin = admin.ok_or_else(|| InstanceAdminError::Unknown(email.clone()))?;
            let entry = NewAuditEntry::by_operator("basira admin instance-admin grant");
            storage.record(entry.with("user_id", admin.id.to_string()), config.audit.kept).await?;
            say!("{email} runs the instance now");
        }
        InstanceAdminCommand::Revoke { email } => {
            let email = normalised_email(email);
            let account = storage.account_by_email(&email).await?;
            let id = account.ok_or_else(|| InstanceAdminError::Unknown(email.clone()))?.user.id;
            match storage.demote(id, now).await? {
                Demoted::Done => {}
                Demoted::Unknown => return Err(InstanceAdminError::NotOne(email)),
                Demoted::LastOne => return Err(InstanceAdminError::LastOne(email)),
            }
            let entry = NewAuditEntry::by_operator("basira admin instance-admin revoke");
            storage.record(entry.with("user_id", id.to_string()), config.audit.kept).await?;
            say!("{email} does not run the instance any more");
        }
    }
    Ok(())
}
