//! Why the demo cannot run.

use std::io;

use basira_servers::ServerError;

/// The demo could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("creating the tables of the demo failed: {0}")]
    Shop(#[source] tokio_postgres::Error),
    #[error("running the demo's own Basira failed: {0}")]
    Basira(#[source] io::Error),
    #[error("the demo's own Basira did not start listening; its log:\n{log}")]
    NotListening { log: String },
    #[error("a request to the demo's own Basira failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error("{path} answered {status}: {body}")]
    Refused { path: String, status: u16, body: String },
    #[error("the answer of the demo's own Basira has no {0}")]
    Missing(&'static str),
    #[error("reading the verification mail failed: {0}")]
    Mail(#[source] io::Error),
    #[error("waiting for Ctrl-C failed: {0}")]
    Signal(#[source] io::Error),
}
