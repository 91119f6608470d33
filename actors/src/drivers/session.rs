//! What a driver implements, and what it is given.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::collect::{CollectError, ExplainRequest, Notice, Query, Rows, Server, one_line};
use crate::ports::AddressPolicy;

/// A connection to a watched server.
#[async_trait]
pub trait Session: Send {
    /// Returns the properties of the server, read when connecting.
    fn server(&self) -> &Server;

    /// Reads the properties of the server again, such as installed extensions.
    ///
    /// # Errors
    /// As [`Session::run`].
    async fn refresh(&mut self) -> Result<(), CollectError>;

    /// Runs one query. The server cancels it after `timeout`; a second later, this session cancels it and closes the
    /// connection.
    ///
    /// # Errors
    /// [`CollectError`]. If it [ends the connection](CollectError::ends_connection), drop the session.
    async fn run(&mut self, query: &Query, timeout: Duration) -> Result<Reply, CollectError>;

    /// Returns the plan of `statement`, which is not run, as one row of [`EXPLAIN_COLUMNS`](crate::collect::EXPLAIN_COLUMNS). Refused
    /// unless it is exactly one statement that has a plan.
    ///
    /// # Errors
    /// As [`Session::run`]. If the server refuses the statement, that is in the row.
    async fn explain(&mut self, statement: &ExplainRequest, timeout: Duration)
    -> Result<Reply, CollectError>;
}

/// The reply to a query.
pub struct Reply {
    pub rows: Box<dyn Rows + Send + Sync>,
    /// Columns that this server lacks; they are NULL.
    pub missing_columns: Arc<[String]>,
    /// A limitation of the reply, such as a missing privilege.
    pub notice: Option<Notice>,
    /// The size of the rows in memory.
    pub size_bytes: usize,
}

/// Settings of connections.
#[derive(Clone)]
pub struct ConnectSettings {
    /// The time limit for name resolution, and that for a handshake.
    pub timeout: Duration,
    pub policy: Arc<dyn AddressPolicy>,
    /// Whether query texts are shown with their literals in the live view.
    pub raw_query_text: bool,
}

/// Checks that a reply has the columns that its decoder reads by position.
pub(super) fn check_columns(found: &[&str], expected: &[&str]) -> Result<(), CollectError> {
    if found == expected {
        return Ok(());
    }
    let index = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    let name = |names: &[&str]| names.get(index).copied().unwrap_or("missing").to_owned();
    Err(CollectError::Columns { place: index + 1, found: one_line(&name(found)), expected: name(expected) })
}
