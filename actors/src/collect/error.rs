//! Why a collector or a connection failed, with the cause and the fix.

use std::time::Duration;

use super::CellError;
use crate::model::Engine;

/// The codes of PostgreSQL for a table, column, function or schema that is not there.
const GONE: [&str; 4] = ["42P01", "42703", "42883", "3F000"];

/// A failure while reading a watched database. Its text never holds a secret or a user's literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    #[error("the host {host} does not resolve")]
    Resolve { host: String },
    #[error("the host {host} resolves to an address that this server may not connect to")]
    Denied { host: String },
    #[error("connecting to {address} failed: {reason}")]
    Connect { address: String, reason: String },
    #[error("connecting to {address} took longer than {} s", .after.as_secs())]
    ConnectTimeout { address: String, after: Duration },
    #[error("TLS with {address} failed: {reason}")]
    Tls { address: String, reason: String },
    /// Nothing was sent.
    #[error("the password would be sent to {address} in cleartext, over a connection that is not verified")]
    Cleartext { address: String },
    #[error("the server refused the credentials of role {role}")]
    Credentials { role: String },
    #[error("the server refused the connection: {reason}")]
    Refused { reason: String },
    #[error("a login event trigger of the database failed: {reason} ({context})")]
    LoginTrigger { reason: String, context: String },
    #[error("the server has no connection left for role {role}")]
    TooManyConnections { role: String },
    #[error("the server knows no cluster {name}; it knows {known}")]
    NoCluster { name: String, known: String },
    #[error("a connection pooler is in between: {reason}")]
    Pooler { reason: String },
    #[error("the connection was lost: {reason}")]
    Lost { reason: String },
    #[error("{reason}")]
    Excess { reason: String },
    #[error("the server at {address} does not answer as {engine}: {came} came back")]
    Foreign { address: String, engine: &'static str, came: &'static str },
    #[error("the server did not answer within {} s", .after.as_secs())]
    Deadline { after: Duration },
    #[error("the query was cancelled by the server's time limit")]
    StatementTimeout,
    #[error("an exclusive lock is in the way")]
    Locked,
    #[error("role {role} may not read this: {message}")]
    Permission { role: String, message: String, fix: String },
    #[error("{reason}")]
    Missing { reason: String, fix: String },
    #[error("the server answered with error {code}: {message}")]
    Server { code: String, message: String },
    #[error("the server's answer was not understood: {0}")]
    Decode(#[from] CellError),
    #[error("the server's answer was not understood: column {place} is {found}, not {expected}")]
    Columns { place: usize, found: String, expected: String },
    #[error("{0}")]
    Store(String),
}

impl CollectError {
    /// Whether the connection is unusable.
    #[must_use]
    pub const fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::Resolve { .. }
                | Self::Denied { .. }
                | Self::Connect { .. }
                | Self::ConnectTimeout { .. }
                | Self::Tls { .. }
                | Self::Cleartext { .. }
                | Self::Credentials { .. }
                | Self::Refused { .. }
                | Self::LoginTrigger { .. }
                | Self::TooManyConnections { .. }
                | Self::NoCluster { .. }
                | Self::Pooler { .. }
                | Self::Lost { .. }
                | Self::Excess { .. }
                | Self::Foreign { .. }
                | Self::Deadline { .. }
        )
    }

    /// Whether what was learnt of the server at connect may be outdated: then it is read again.
    #[must_use]
    pub const fn may_be_outdated(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Server { .. } | Self::Permission { .. })
    }

    /// Whether the server was reachable and answered with this error.
    #[must_use]
    pub const fn is_an_answer(&self) -> bool {
        matches!(self, Self::StatementTimeout | Self::Locked | Self::Permission { .. } | Self::Server { .. })
    }

    /// Returns the fix for the operator of a server of `engine`.
    #[must_use]
    pub fn fix(&self, engine: Engine) -> Option<String> {
        let of = |postgres: &'static str, clickhouse: &'static str| match engine {
            Engine::Postgres => postgres,
            Engine::Clickhouse => clickhouse,
        };
        let text = match self {
            Self::Resolve { .. } => "check the host name, and DNS on the machine that runs Basira",
            Self::Denied { .. } => {
                "use another address, or take its network out of targets.deny or targets.private"
            }
            Self::Connect { .. } => of(
                "check host, port, firewall and listen_addresses, and that the server runs",
                "check host, port (of HTTP: 8123, with TLS 8443), tls, firewall and listen_host, and that the server runs",
            ),
            Self::ConnectTimeout { .. } => "check host, port and firewall; packets may be dropped on the way",
            Self::Tls { .. } => of(
                "check tls and tls_ca_pem of this database, and the server's certificate",
                "check tls, tls_ca_pem and port of this database (8443 speaks TLS, 8123 does not), and the server's certificate",
            ),
            Self::Cleartext { .. } => of(
                "let the server ask for scram-sha-256 (pg_hba.conf), or set tls of this database to verify-full or verify-ca",
                "use the port that speaks TLS (8443) and set tls of this database to verify-full, or set tls to disable where the network may read the password",
            ),
            Self::Credentials { .. } => of(
                "check username and password of this database, and pg_hba.conf",
                "check username and password of this database, and the networks that the user may come from",
            ),
            Self::Refused { .. } => of(
                "check the database name, pg_hba.conf, and whether the server is starting up",
                "check database name and port of this database, and what stands between Basira and the server",
            ),
            Self::LoginTrigger { .. } => {
                "let the function of the event trigger (pg_event_trigger, evtevent = 'login') work for this role, or leave it out there"
            }
            Self::TooManyConnections { role } => return Some(connection_limit_fix(engine, role)),
            Self::NoCluster { .. } => "change cluster of this database to one that system.clusters lists",
            Self::Pooler { .. } => {
                "connect directly to the server, or to a session-pooling port that passes startup options on"
            }
            Self::Excess { .. } | Self::Foreign { .. } => of(
                "check that host and port of this database are those of a PostgreSQL server",
                "check that host and port of this database are those of the HTTP interface of a ClickHouse server (8123, with TLS 8443)",
            ),
            Self::Lost { .. } | Self::Deadline { .. } => {
                "check that the server runs and is not overloaded or suspended; Basira reconnects by itself"
            }
            Self::StatementTimeout => {
                "the server is slow at this, or a lock is in the way; if it stays so, disable the collector (disabled_collectors)"
            }
            Self::Locked => "find the session that holds the lock, or wait until it ends",
            Self::Permission { fix, .. } | Self::Missing { fix, .. } => fix,
            Self::Server { code, .. } if engine == Engine::Postgres && GONE.contains(&code.as_str()) => {
                "it was moved, renamed or updated, which Basira sees with the next poll, or it is missing: CREATE EXTENSION, or ALTER EXTENSION ... UPDATE"
            }
            Self::Server { .. } | Self::Decode(_) | Self::Columns { .. } => return None,
            Self::Store(_) => "check the disk and the storage of this Basira server",
        };
        Some(text.to_owned())
    }

    /// Returns the message and the fix in one line.
    #[must_use]
    pub fn full_text(&self, engine: Engine) -> String {
        self.fix(engine).map_or_else(|| self.to_string(), |fix| format!("{self}; {fix}"))
    }
}

fn connection_limit_fix(engine: Engine, role: &str) -> String {
    match engine {
        Engine::Postgres => format!(
            "raise max_connections or the role's limit (ALTER ROLE \"{role}\" CONNECTION LIMIT 3), or free connections"
        ),
        Engine::Clickhouse => {
            format!(
                "raise max_concurrent_queries, or max_concurrent_queries_for_user of {role}, or run fewer queries"
            )
        }
    }
}
