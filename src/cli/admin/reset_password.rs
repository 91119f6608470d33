//! `basira admin reset-password`: for whom no mail reaches.

use clap::Args;

use super::desk::{Desk, DeskError};

#[derive(Debug, Args)]
pub(in crate::cli) struct ResetPasswordOptions {
    /// The e-mail address of the account; make sure that it is its owner who asks
    email: String,
}

pub(super) async fn run(options: &ResetPasswordOptions, desk: &Desk<'_>) -> Result<(), DeskError> {
    let found = desk.accounts.reset_link(&options.email, desk.now).await?;
    let (account, link) = found.ok_or_else(|| DeskError::Unknown(options.email.clone()))?;
    desk.record("reset-password", |entry| entry.with("user_id", account.user.id.to_string())).await?;
    say!("Within an hour, {} chooses a password at:\n{}", account.user.email, link.expose());
    say!("Until then the old one is good; the new one ends every session.");
    Ok(())
}
