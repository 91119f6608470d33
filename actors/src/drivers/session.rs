//! What a driver implements, and what it is given.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::collect::{CollectError, ExplainRequest, Notice, Query, Rows, Server, one_line};
use crate::ports::AddressPolicy;

/// A connection to a watched server: the only one that Basira holds.
#[async_trait]
pub trait Session: Send {
    /// What was learned when connecting.
    fn server(&self) -> &Server;

    /// Reads anew what may have changed, such as installed extensions.
    ///
    /// # Errors
    /// As for [`Session::run`].
    async fn refresh(&mut self) -> Result<(), CollectError>;

    /// Runs one query. The server ends it after `timeout`; a second later we cancel it and give the connection up.
    ///
    /// # Errors
    /// [`CollectError`]; when it [ends the connection](CollectError::ends_connection), drop the session.
    async fn run(&mut self, query: &Query, timeout: Duration) -> Result<Reply, CollectError>;

    /// The plan of `statement`, which is not run: one row of [`EXPLAIN_COLUMNS`](crate::collect::EXPLAIN_COLUMNS). Refused unless it
    /// is exactly one statement that has a plan.
    ///
    /// # Errors
    /// As for [`Session::run`]; that the server refuses the statement is an answer.
    async fn explain(&mut self, statement: &ExplainRequest, timeout: Duration)
    -> Result<Reply, CollectError>;
}

/// What a server answered.
pub struct Reply {
    pub rows: Box<dyn Rows + Send + Sync>,
    /// Columns that this server lacks; they read as NULL.
    pub missing_columns: Arc<[String]>,
    /// What this user could not see or do, though it was answered.
    pub notice: Option<Notice>,
    /// How much of it there is to decode.
    pub size_bytes: usize,
}

/// How to connect.
#[derive(Clone)]
pub struct ConnectSettings {
    /// For name resolution and handshakes, each.
    pub timeout: Duration,
    pub policy: Arc<dyn AddressPolicy>,
    pub raw_query_text: bool,
}

/// An answer must have the columns that its decoder reads by position.
pub(super) fn check_columns(found: &[&str], expected: &[&str]) -> Result<(), CollectError> {
    if found == expected {
        return Ok(());
    }
    let place = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    let name = |names: &[&str]| names.get(place).copied().unwrap_or("missing").to_owned();
    Err(CollectError::Columns { place: place + 1, found: one_line(&name(found)), expected: name(expected) })
}
