//! `basira admin instance-admin`: who runs the instance.

use clap::Subcommand;

use super::context::{AdminContext, AdminError};
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

pub(super) async fn run(
    command: &InstanceAdminCommand,
    context: &AdminContext<'_>,
) -> Result<(), AdminError> {
    match command {
        InstanceAdminCommand::List => {
            for admin in context.storage.instance_admins().await? {
                outln!("{} {}", admin.email, admin.name);
            }
        }
        InstanceAdminCommand::Grant { email } => {
            let email = normalised_email(email);
            let admin = context.storage.promote(&email, context.now).await?;
            let id = admin.ok_or_else(|| AdminError::Unknown(email.clone()))?.id;
            context.record("instance-admin grant", |entry| entry.with("user_id", id.to_string())).await?;
            outln!("{email} runs the instance now");
        }
        InstanceAdminCommand::Revoke { email } => {
            let email = normalised_email(email);
            let account = context.storage.account_by_email(&email).await?;
            let id = account.ok_or_else(|| AdminError::Unknown(email.clone()))?.user.id;
            match context.storage.demote(id, context.now).await? {
                Demoted::Done => {}
                Demoted::Unknown => return Err(AdminError::NotAdmin(email)),
                Demoted::LastOne => return Err(AdminError::LastAdmin(email)),
            }
            context.record("instance-admin revoke", |entry| entry.with("user_id", id.to_string())).await?;
            outln!("{email} does not run the instance any more");
        }
    }
    Ok(())
}
