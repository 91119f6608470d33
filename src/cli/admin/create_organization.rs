//! `basira admin create-organization`: creates an organization, even if signup is closed.

use clap::Args;

use super::context::{AdminContext, AdminError};
use crate::auth::NewOrganization;

#[derive(Debug, Args)]
pub(in crate::cli) struct CreateOrganizationOptions {
    /// The name of the organization
    organization: String,
    /// The e-mail address of its owner; make sure that it is theirs
    email: String,
    /// The name of the owner [default: the e-mail address]
    #[arg(long)]
    name: Option<String>,
}

pub(super) async fn run(
    options: &CreateOrganizationOptions,
    context: &AdminContext<'_>,
) -> Result<(), AdminError> {
    let new = NewOrganization {
        organization_name: &options.organization,
        email: &options.email,
        name: options.name.as_deref(),
    };
    let (account, link) = context.accounts.create_organization(new, context.now).await?;
    let (user, organization) = (&account.user, &account.organization);
    context
        .record("create-organization", |entry| {
            entry.with("user_id", user.id.to_string()).with("organization_id", organization.id.to_string())
        })
        .await?;
    outln!("{} owns the organization {} now.", user.email, organization.name);
    if user.instance_admin {
        outln!("It is the first account of this instance, and so its instance admin.");
    }
    outln!("Within an hour, choose a password at:\n{}", link.expose());
    Ok(())
}
