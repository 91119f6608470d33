//! The commands about accounts.

use clap::Subcommand;

use super::context::{AdminContext, AdminError};
use super::{create_organization, instance_admin, login_link, reset_password, totp};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccountsCommand {
    /// List or change the instance admins
    InstanceAdmin {
        #[command(subcommand)]
        command: instance_admin::InstanceAdminCommand,
    },
    /// Create an organization with its owner, even if signup is closed, and print a link to set the password
    CreateOrganization(create_organization::CreateOrganizationOptions),
    /// Print a link to set a new password, for a user who gets no mail
    ResetPassword(reset_password::ResetPasswordOptions),
    /// Print a link to log in without a password, once, for the user at the machine
    LoginLink(login_link::LoginLinkOptions),
    /// Turn off the second factor of a user who lost it
    DisableTotp(totp::DisableTotpOptions),
}

impl AccountsCommand {
    pub(super) async fn run(&self, config: &Config) -> Result<(), AdminError> {
        let context = AdminContext::open(config).await?;
        let outcome = match self {
            Self::InstanceAdmin { command } => instance_admin::run(command, &context).await,
            Self::CreateOrganization(options) => create_organization::run(options, &context).await,
            Self::LoginLink(options) => login_link::run(options, &context).await,
            Self::ResetPassword(options) => reset_password::run(options, &context).await,
            Self::DisableTotp(options) => totp::run(options, &context).await,
        };
        context.close(outcome).await
    }
}
