//! What the supervisor needs to know to watch one database.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DatabaseId, Databases, Dismissed, Engine, OrganizationId, RuleSettings, Secret};

/// One registered database, with its credentials in the clear: lives in memory only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: DatabaseId,
    pub organization_id: OrganizationId,
    pub engine: Engine,
    pub host: String,
    pub port: u16,
    /// The database to connect to.
    pub database: String,
    /// What else of its server is watched.
    pub databases: Databases,
    /// The cluster of which every replica is read; ClickHouse only. None: the one server that answers.
    pub cluster: Option<String>,
    /// A service that sleeps while nobody asks it is let sleep; ClickHouse only.
    pub let_idle: bool,
    /// Whether HypoPG may try indexes on a primary too; PostgreSQL only.
    pub try_indexes_on_primary: bool,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub tls: TlsMode,
    /// Certificates of the authority to trust instead of the public ones.
    pub tls_ca_pem: Option<String>,
    pub poll_interval: Duration,
    pub collect_explain_plans: bool,
    pub collect_replication: bool,
    pub disabled_collectors: BTreeSet<String>,
    /// What differs from the rules as they are set for all databases.
    pub rules: RuleSettings,
    /// Advice that nobody wants to hear: it costs no points.
    pub dismissed: Dismissed,
}

impl Target {
    /// Whether the collector called `name` runs: not when it is disabled, by its name or by a switch of its own.
    #[must_use]
    pub fn runs(&self, name: &str) -> bool {
        let switched_on = match name {
            "ch_replicas" | "pg_stat_replication" => self.collect_replication,
            "auto_explain" | "explain_plans" | "index_advice" => self.collect_explain_plans,
            "ch_cluster" => self.cluster.is_some(),
            _ => true,
        };
        switched_on && !self.disabled_collectors.contains(name)
    }

    /// Whether `other` is reached and seen by the very same connection.
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

/// How far a connection is encrypted and the server's certificate checked; libpq's `sslmode`. A greater mode checks more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted when the server offers it; its certificate is not checked.
    #[default]
    Prefer,
    /// Encrypted or not at all; the certificate is not checked.
    Require,
    /// The certificate must come from a trusted authority.
    VerifyCa,
    /// And carry the host's name.
    VerifyFull,
}

/// The text named no TLS mode.
#[derive(Debug, thiserror::Error)]
#[error("must be one of disable, prefer, require, verify-ca, verify-full")]
pub struct UnknownTlsMode;

impl TlsMode {
    /// Whether the server has to prove who it is before it is sent anything.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }

    const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The name used by the API, the store and connection strings.
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
