//! `basira admin disable-totp`: for who lost the device and the recovery codes.

use clap::Args;

use super::desk::{Desk, DeskError};
use crate::auth::normalised_email;

#[derive(Debug, Args)]
pub(in crate::cli) struct DisableTotpOptions {
    /// The e-mail address of the account; make sure that it is its owner who asks
    email: String,
}

pub(super) async fn run(options: &DisableTotpOptions, desk: &Desk<'_>) -> Result<(), DeskError> {
    let email = normalised_email(&options.email);
    let account = desk.storage.account_by_email(&email).await?;
    let id = account.ok_or_else(|| DeskError::Unknown(email.clone()))?.user.id;
    if desk.storage.second_factor(id).remove().await? {
        desk.record("disable-totp", |entry| entry.with("user_id", id.to_string())).await?;
        say!("{email} logs in with the password alone from now on");
    } else {
        say!("{email} has no second factor");
    }
    Ok(())
}
