//! `basira admin`: commands of the operator, while the server runs or not.

mod accounts;
mod backup;
mod context;
mod create_organization;
mod instance_admin;
mod login_link;
mod partial_file;
mod reload;
mod report;
mod reset_password;
mod rotate_keys;
mod store;
mod table;
mod totp;

use clap::Subcommand;

use self::accounts::AccountsCommand;
use crate::config::{Config, Secrets};
use crate::log::Log;
use crate::run;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Bring the schema of the storage up to date; `serve` does so too
    Migrate,
    /// Show what the sample store contains and how much space it takes; the server may run meanwhile
    Store(store::StoreOptions),
    /// Make the running server reload its configuration, and show what has changed
    Reload,
    #[command(flatten)]
    Accounts(AccountsCommand),
    /// Copy the SQLite storage and its secrets, while the server runs
    Backup(backup::BackupOptions),
    /// Replace the secrets in data_dir and re-encrypt every stored password; the server may run meanwhile
    RotateKeys,
}

impl AdminCommand {
    pub(super) async fn run(&self, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Migrate => {
                Log::start(&config.log);
                let secrets = Secrets::of(config)?;
                run::open_storage(config, &secrets).await?.close().await?;
                outln!("the storage is up to date");
            }
            Self::Store(options) => store::run(options, config).await?,
            Self::Reload => reload::run(config).await?,
            Self::Backup(options) => backup::run(options, config).await?,
            Self::Accounts(command) => command.run(config).await?,
            Self::RotateKeys => rotate_keys::run(config).await?,
        }
        Ok(())
    }
}
