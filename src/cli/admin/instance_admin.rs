//! `basira admin instance-admin`: who runs the instance.

use clap::Subcommand;

use super::desk::{Desk, DeskError};
use crate::auth::normalised_email;
use crate::storage::store::Demoted;

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

pub(super) async fn run(command: &InstanceAdminCommand, desk: &Desk<'_>) -> Result<(), DeskError> {
    match command {
        InstanceAdminCommand::List => {
            for admin in desk.storage.instance_admins().await? {
                say!("{} {}", admin.email, admin.name);
            }
        }
        InstanceAdminCommand::Grant { email } => {
            let email = normalised_email(email);
            let admin = desk.storage.promote(&email, desk.now).await?;
            let id = admin.ok_or_else(|| DeskError::Unknown(email.clone()))?.id;
            desk.record("instance-admin grant", |entry| entry.with("user_id", id.to_string())).await?;
            say!("{email} runs the instance now");
        }
        InstanceAdminCommand::Revoke { email } => {
            let email = normalised_email(email);
            let account = desk.storage.account_by_email(&email).await?;
            let id = account.ok_or_else(|| DeskError::Unknown(email.clone()))?.user.id;
            match desk.storage.demote(id, desk.now).await? {
                Demoted::Done => {}
                Demoted::Unknown => return Err(DeskError::NotAdmin(email)),
                Demoted::LastOne => return Err(DeskError::LastAdmin(email)),
            }
            desk.record("instance-admin revoke", |entry| entry.with("user_id", id.to_string())).await?;
            say!("{email} does not run the instance any more");
        }
    }
    Ok(())
}
