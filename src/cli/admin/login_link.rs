//! `basira admin login-link`: for who sits at the machine.

use clap::Args;

use super::context::{AdminContext, AdminError};
use crate::auth::LOGIN_LINK_LIFETIME;

#[derive(Debug, Args)]
pub(in crate::cli) struct LoginLinkOptions {
    /// The e-mail address of the account; the first person who opens the link acts as its owner
    email: String,
}

pub(super) async fn run(options: &LoginLinkOptions, context: &AdminContext<'_>) -> Result<(), AdminError> {
    let found = context.accounts.login_link(&options.email, context.now).await?;
    let (account, link) = found.ok_or_else(|| AdminError::Unknown(options.email.clone()))?;
    context.record("login-link", |entry| entry.with("user_id", account.user.id.to_string())).await?;
    let minutes = LOGIN_LINK_LIFETIME.as_secs() / 60;
    outln!("Within {minutes} minutes, and once, this logs {} in:\n{}", account.user.email, link.expose());
    Ok(())
}
