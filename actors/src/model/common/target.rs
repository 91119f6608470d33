//! A registered database as the supervisor watches it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DatabaseId, Databases, Dismissed, Engine, OrganizationId, RuleSettings, Secret};

/// A registered database with its password in cleartext. Kept in memory only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: DatabaseId,
    pub organization_id: OrganizationId,
    pub engine: Engine,
    pub host: String,
    pub port: u16,
    /// The database to connect to.
    pub database: String,
    /// Which other databases of the server are watched.
    pub databases: Databases,
    /// The cluster of which every replica is read. Only ClickHouse; without it, the server connected to is read.
    pub cluster: Option<String>,
    /// Whether polling pauses while the service is not in use, so that it can be suspended. Only ClickHouse.
    pub let_idle: bool,
    /// Whether hypothetical indexes may be created with HypoPG on a primary. Only PostgreSQL.
    pub try_indexes_on_primary: bool,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub tls: TlsMode,
    /// Certificates of the authorities to trust instead of the public ones.
    pub tls_ca_pem: Option<String>,
    pub poll_interval: Duration,
    pub collect_explain_plans: bool,
    pub collect_replication: bool,
    pub disabled_collectors: BTreeSet<String>,
    /// Settings of health rules that differ from those for all databases.
    pub rules: RuleSettings,
    /// Dismissed advice, which does not lower the health score.
    pub dismissed: Dismissed,
}

impl Target {
    /// Creates a target with the defaults of a registration: no credentials, and everything collected every 10 s.
    #[must_use]
    pub fn new(
        id: DatabaseId,
        organization_id: OrganizationId,
        engine: Engine,
        (host, port): (impl Into<String>, u16),
    ) -> Self {
        Self {
            id,
            organization_id,
            engine,
            host: host.into(),
            port,
            database: engine.default_database().to_owned(),
            databases: Databases::default(),
            cluster: None,
            let_idle: false,
            try_indexes_on_primary: false,
            username: None,
            password: None,
            tls: TlsMode::default(),
            tls_ca_pem: None,
            poll_interval: Duration::from_secs(10),
            collect_explain_plans: true,
            collect_replication: true,
            disabled_collectors: BTreeSet::new(),
            rules: RuleSettings::default(),
            dismissed: Dismissed::new(),
        }
    }

    /// Whether a connection for `other` would be the same.
    #[must_use]
    pub fn connects_like(&self, other: &Self) -> bool {
        self.host == other.host
            && self.port == other.port
            && self.database == other.database
            && self.databases == other.databases
            && self.cluster == other.cluster
            && self.try_indexes_on_primary == other.try_indexes_on_primary
            && self.username == other.username
            && self.password == other.password
            && self.tls == other.tls
            && self.tls_ca_pem == other.tls_ca_pem
    }
}

/// Whether a connection is encrypted and how the certificate of the server is verified, as `sslmode` of libpq. Ordered by
/// how much is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server supports it; the certificate is not verified.
    #[default]
    Prefer,
    /// Always encrypted; the certificate is not verified.
    Require,
    /// The certificate must be issued by a trusted authority.
    VerifyCa,
    /// As `VerifyCa`, and the certificate must be valid for the host name.
    VerifyFull,
}

/// The text is not the name of a TLS mode.
#[derive(Debug, thiserror::Error)]
#[error("must be one of disable, prefer, require, verify-ca, verify-full")]
pub struct UnknownTlsMode;

impl TlsMode {
    /// Whether the certificate of the server is verified.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }

    const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// Returns the name used in the API, in storage and in connection strings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TlsMode {
    type Err = UnknownTlsMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownTlsMode)
    }
}
