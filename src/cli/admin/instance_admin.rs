//! `basira admin instance-admin`: the instance admins.

use clap::Subcommand;

use super::context::{AdminContext, AdminError};
use crate::auth::normalised_email;
use crate::storage::store::Demoted;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum InstanceAdminCommand {
    /// List the instance admins
    List,
    /// Make the user with this e-mail address an instance admin; a running server notices within a second
    Grant { email: String },
    /// Make the user with this e-mail address no longer an instance admin
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
            outln!("{email} is an instance admin now");
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
            outln!("{email} is no longer an instance admin");
        }
    }
    Ok(())
}
