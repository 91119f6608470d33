//! The configuration: a plain value that can be compared and swapped.

mod dsn;
mod error;
#[cfg(test)]
mod fuzz;
mod keys;
mod layers;
mod live;
mod reader;
mod secrets;
mod show;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use basira_actors::model::{RuleSettings, Secret};
use basira_actors::ports::AddressPolicy;
use ipnet::IpNet;
use url::Url;

pub use self::dsn::{Dsn, DsnError};
pub use self::error::{ConfigError, Problem};
pub use self::layers::Flag;
pub use self::live::LiveConfig;
pub use self::secrets::{Secrets, SecretsError};
pub use self::show::show;
use crate::auth::SignupPolicy;
use crate::samples::Retention;

/// The defaults are what the documented file says.
const DEFAULTS: &str = include_str!("../../config/basira.toml");

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub http: Http,
    pub storage: Storage,
    pub samples: Samples,
    pub auth: Auth,
    pub mail: Mail,
    pub collect: Collect,
    pub health: Health,
    pub targets: Targets,
    pub log: Log,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    pub listen: SocketAddr,
    pub public_url: Option<Url>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// May hold a password.
    pub url: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// May hold a password. None: where the storage is.
    pub url: Option<Secret>,
    pub retention: Retention,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    pub signup: SignupPolicy,
    pub jwt_secret: Option<Secret>,
    pub encryption_key: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub transport: MailTransport,
}

/// How mails leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    /// As `.eml` files below `data_dir/mail`.
    File,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    pub poll_interval: Duration,
    pub connect_timeout: Duration,
    pub max_connects: usize,
    pub disabled_collectors: Vec<String>,
    pub raw_query_text: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// For all databases; one may differ.
    pub rules: RuleSettings,
}

/// Where watched databases may not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    pub deny: Vec<IpNet>,
}

impl AddressPolicy for Targets {
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !self.deny.iter().any(|network| network.contains(&address))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub level: tracing::Level,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// Loads flags over environment over file over defaults. `file` is what `--config` named.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found: key, place and what would be right.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[Flag],
    ) -> Result<Self, ConfigError> {
        let merged = layers::merge(DEFAULTS, file, environment, flags)?;
        reader::read(&merged)
    }

    /// Where accounts and databases are kept.
    #[must_use]
    pub fn storage_url(&self) -> Secret {
        let embedded = || Secret::new(format!("sqlite://{}", self.data_dir.join("basira.db").display()));
        self.storage.url.clone().unwrap_or_else(embedded)
    }

    /// The SQLite or PostgreSQL that keeps samples apart from the storage; none when the storage does, or a ClickHouse.
    #[must_use]
    pub fn own_samples_url(&self) -> Option<&Secret> {
        let url = self.samples.url.as_ref()?;
        let apart = !url.expose().starts_with("clickhouse:") && *url != self.storage_url();
        apart.then_some(url)
    }

    /// How people reach a server that is bound to `address`; no slash at the end.
    #[must_use]
    pub fn public_url(&self, address: SocketAddr) -> String {
        let bound = || format!("http://{address}");
        self.http.public_url.as_ref().map_or_else(bound, |url| url.as_str().trim_end_matches('/').to_owned())
    }
}
