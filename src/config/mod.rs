//! The configuration: a plain value that can be compared and swapped.

mod dsn;
mod error;
mod fleet;
#[cfg(test)]
mod fuzz;
mod keys;
mod layers;
mod live;
mod mail;
mod networks;
mod oidc;
mod public_url;
mod reader;
mod retention;
mod secrets;
mod show;
mod source;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::{RuleSettings, Secret};
use ipnet::IpNet;
use url::Url;

pub use self::dsn::{Dsn, DsnError};
pub use self::error::{ConfigError, Problem};
pub use self::layers::Flag;
pub use self::live::{LiveConfig, Proposal};
pub use self::mail::{Mail, MailTransport, Smtp, SmtpTls};
pub use self::networks::{DeniedNetworks, Targets};
pub use self::oidc::{OidcProvider, RoleByClaim, is_safe_endpoint};
pub use self::public_url::PublicUrl;
pub use self::retention::Retention;
pub use self::secrets::{RetiredSecret, Ring, RotationLock, SecretRing, Secrets, SecretsError, from_hex};
pub use self::show::show;
pub use self::source::Source;
pub use self::values::Change;

/// The defaults are what the documented file says.
const DEFAULTS: &str = include_str!("../../config/basira.toml");

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub http: Http,
    pub storage: Storage,
    pub samples: Samples,
    pub audit: Audit,
    pub auth: Auth,
    pub mail: Mail,
    pub limits: Limits,
    pub collect: Collect,
    pub health: Health,
    pub targets: Targets,
    pub log: Log,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    pub listen: SocketAddr,
    pub public_url: Option<Url>,
    /// Names of this server besides that of `public_url`.
    pub hosts: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub cors: Cors,
    /// None: plain HTTP.
    pub tls: Option<Tls>,
}

/// Who else's pages may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// As browsers send them; `*` is everybody's.
    pub origins: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub cert_file: PathBuf,
    pub key_file: PathBuf,
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

/// The log of who changed what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Older entries are forgotten.
    pub kept: Duration,
    /// Of one organization; none: no limit.
    pub max_entries: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    pub signup: SignupPolicy,
    pub jwt_secret: Option<Secret>,
    /// The one before it; none without it.
    pub previous_jwt_secret: Option<Secret>,
    pub encryption_key: Option<Secret>,
    /// The one before it; none without it.
    pub previous_encryption_key: Option<Secret>,
    /// Those whom people may sign in with, by name.
    pub oidc: BTreeMap<String, Arc<OidcProvider>>,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignupPolicy {
    /// Everyone.
    Open,
    /// Only who was invited.
    Invite,
    /// Nobody.
    Closed,
}

/// How much of what one client may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub connections_per_address: u32,
    /// Of one key or user.
    pub live_streams: u32,
    pub auth: AuthLimits,
    pub invitations: InvitationLimits,
    pub quotas: Quotas,
    pub api: ApiLimits,
    pub database_tests: DatabaseTestLimits,
}

/// By client address; 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthLimits {
    pub signup_per_hour: u32,
    /// By account too.
    pub login_failures_per_hour: u32,
    /// Those that succeed too.
    pub logins_per_hour: u32,
    pub refresh_per_hour: u32,
    pub forgot_password_per_hour: u32,
    pub reset_password_per_hour: u32,
    pub resend_verification_per_hour: u32,
    /// Between two mails to one account.
    pub mail_pause: Duration,
    /// To one account.
    pub mails_per_day: u32,
}

/// Mails that invite; 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationLimits {
    pub per_organization_per_day: u32,
    /// To one address, by one organization.
    pub per_address_per_day: u32,
    /// To one address, by all organizations together.
    pub per_address_from_all_per_day: u32,
}

/// How many an organization may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    pub databases: u32,
    pub api_keys: u32,
    /// Members, and invitations that wait to be accepted.
    pub people: u32,
    /// Open at the same time.
    pub live_streams: u32,
    /// Not yet used.
    pub stream_tickets: u32,
}

/// Of one key or user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLimits {
    /// 0 is no limit.
    pub per_second: u32,
    pub burst: u32,
}

/// Of `POST /databases/test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseTestLimits {
    /// Of one organization, and of one client address; 0 is no limit.
    pub per_hour: u32,
    pub at_once: u32,
    pub at_once_per_organization: u32,
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

impl Http {
    /// What this server speaks by itself.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl Config {
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

    /// The networks that are denied to an organization; `runs_instance`: an instance admin is among its people.
    #[must_use]
    pub fn networks_denied_to(&self, runs_instance: bool) -> DeniedNetworks {
        self.targets.denied(self.auth.signup == SignupPolicy::Open && !runs_instance)
    }

    /// How people reach a server that is bound to `address`; no slash at the end.
    #[must_use]
    pub fn public_url(&self, address: SocketAddr) -> String {
        let bound = || format!("{}://{address}", self.http.scheme());
        self.http.public_url.as_ref().map_or_else(bound, |url| url.as_str().trim_end_matches('/').to_owned())
    }
}
