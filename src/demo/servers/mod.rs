//! Throwaway database servers, found on this machine or fetched, for the demo and for tests.

mod cache;
mod distribution;
mod fetch;
mod postgres;
mod process;

use std::io;

pub use distribution::Distribution;
pub use postgres::{Options, PostgresServer, connect};
pub use process::{Guardian, scratch_directory};

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
    #[error("there is no PostgreSQL to fetch for {0}; install PostgreSQL with its contrib modules")]
    UnknownArchitecture(&'static str),
    #[error("PostgreSQL did not get ready: {reason}; the end of its log:\n{log}")]
    NotReady { reason: String, log: String },
    #[error("the throwaway PostgreSQL refused a statement: {0}")]
    Statement(#[from] tokio_postgres::Error),
}

impl ServerError {
    /// For `map_err`: an I/O error with what was being done.
    fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
