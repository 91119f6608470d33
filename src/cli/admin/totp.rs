//! `basira admin disable-totp`: for users who lost the device and the recovery codes.

use clap::Args;

use super::context::{AdminContext, AdminError};
use crate::auth::normalised_email;

#[derive(Debug, Args)]
pub(in crate::cli) struct DisableTotpOptions {
    /// The e-mail address of the account; make sure that its owner asked for this
    email: String,
}

pub(super) async fn run(options: &DisableTotpOptions, context: &AdminContext<'_>) -> Result<(), AdminError> {
    let email = normalised_email(&options.email);
    let account = context.storage.account_by_email(&email).await?;
    let id = account.ok_or_else(|| AdminError::Unknown(email.clone()))?.user.id;
    if context.storage.second_factor(id).remove().await? {
        context.record("disable-totp", |entry| entry.with("user_id", id.to_string())).await?;
        outln!("{email} logs in with the password alone from now on");
    } else {
        outln!("{email} has no second factor");
    }
    Ok(())
}
