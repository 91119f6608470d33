//! `basira admin disable-totp`: for who lost the device and the recovery codes.

use clap::Args;

use crate::config::{Config, Secrets};
use crate::run;

#[derive(Debug, Args)]
pub(in crate::cli) struct DisableTotpOptions {
    /// The e-mail address of the account; make sure that it is its owner who asks
    email: String,
}

pub(super) async fn run(
    options: &DisableTotpOptions,
    config: &Config,
) -> Result<(), Box<dyn std::error::Error>> {
    let storage = run::open_storage(config, &Secrets::of(config)?).await?;
    let email = options.email.trim().to_lowercase();
    let account = storage.account_by_email(&email).await?;
    let account = account.ok_or_else(|| format!("{email} has no account on this server"))?;
    let removed = storage.second_factor(account.user.id).remove().await?;
    storage.close().await?;
    if removed {
        say!("{email} logs in with the password alone from now on");
    } else {
        say!("{email} has no second factor");
    }
    Ok(())
}
