//! What the operator does about people.

use clap::Subcommand;

use super::context::{AdminContext, AdminError};
use super::{create_organization, instance_admin, reset_password, totp};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccountsCommand {
    /// Say or change who runs the instance
    InstanceAdmin {
        #[command(subcommand)]
        command: instance_admin::InstanceAdminCommand,
    },
    /// Make an organization with its owner, also where nobody may sign up, and print a link to choose the password
    CreateOrganization(create_organization::CreateOrganizationOptions),
    /// Print a link with which somebody chooses another password, where mail does not reach them
    ResetPassword(reset_password::ResetPasswordOptions),
    /// Turn off the second factor of an account whose owner lost it
    DisableTotp(totp::DisableTotpOptions),
}

impl AccountsCommand {
    pub(super) async fn run(&self, config: &Config) -> Result<(), AdminError> {
        let context = AdminContext::open(config).await?;
        let outcome = match self {
            Self::InstanceAdmin { command } => instance_admin::run(command, &context).await,
            Self::CreateOrganization(options) => create_organization::run(options, &context).await,
            Self::ResetPassword(options) => reset_password::run(options, &context).await,
            Self::DisableTotp(options) => totp::run(options, &context).await,
        };
        context.close(outcome).await
    }
}
