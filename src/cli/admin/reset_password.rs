//! `basira admin reset-password`: for users who get no mail.

use clap::Args;

use super::context::{AdminContext, AdminError};

#[derive(Debug, Args)]
pub(in crate::cli) struct ResetPasswordOptions {
    /// The e-mail address of the account; make sure that its owner asked for this
    email: String,
}

pub(super) async fn run(
    options: &ResetPasswordOptions,
    context: &AdminContext<'_>,
) -> Result<(), AdminError> {
    let found = context.accounts.reset_link(&options.email, context.now).await?;
    let (account, link) = found.ok_or_else(|| AdminError::Unknown(options.email.clone()))?;
    context.record("reset-password", |entry| entry.with("user_id", account.user.id.to_string())).await?;
    outln!("Within an hour, {} chooses a password at:\n{}", account.user.email, link.expose());
    outln!("Until then the old password is valid; setting a new one ends every session.");
    Ok(())
}
