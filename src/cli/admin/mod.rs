//! `basira admin`: for the operator at the machine, beside the server or instead of it.

mod accounts;
mod backup;
mod context;
mod create_organization;
mod instance_admin;
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
    /// Say what the store of samples holds and what room it takes; the server may run meanwhile
    Store(store::StoreOptions),
    /// Have the running server read its configuration again, and say what has changed
    Reload,
    #[command(flatten)]
    People(AccountsCommand),
    /// Copy the SQLite storage, and the secrets that it needs, while the server runs
    Backup(backup::BackupOptions),
    /// Replace the secrets in data_dir, and encrypt every stored password anew; the server may run meanwhile
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
            Self::People(command) => command.run(config).await?,
            Self::RotateKeys => rotate_keys::run(config).await?,
        }
        Ok(())
    }
}
