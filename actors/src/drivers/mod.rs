//! Talking to watched servers: connect, run with a deadline, cancel. The only room that knows their protocols.

mod budget;
mod cause;
mod clickhouse;
mod guard;
mod postgres;
mod resolve;
mod tcp;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

pub use self::cause::innermost_cause;
pub use self::guard::GuardedConnector;
pub use self::resolve::resolve;
pub use self::tls::{check_authorities, client_config, https_config};
use crate::collect::{CollectError, ExplainRequest, Notice, Query, Rows, Server, one_line};
use crate::model::{Engine, Target};
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
    pub absent: Arc<[String]>,
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

/// Connecting and learning what server it is may take so many times as long as a handshake: others wait for their turn.
const TIMES_OF_A_HANDSHAKE: u32 = 4;

/// Connects to `target`.
///
/// # Errors
/// [`CollectError`] that names the cause.
pub async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Box<dyn Session>, CollectError> {
    let own_policy = settings.policy.for_organization(target.organization_id).await;
    let policy = own_policy.unwrap_or_else(|| Arc::clone(&settings.policy));
    let settings = ConnectSettings { policy, ..settings.clone() };
    let limit = settings.timeout * TIMES_OF_A_HANDSHAKE;
    let connecting = async {
        let session: Box<dyn Session> = match target.engine {
            Engine::Postgres => Box::new(postgres::Postgres::connect(target, &settings).await?),
            Engine::Clickhouse => Box::new(clickhouse::ClickHouse::connect(target, &settings).await?),
        };
        Ok(session)
    };
    let address = || format!("{}:{}", target.host, target.port);
    let late = |_| CollectError::ConnectTimeout { address: address(), after: limit };
    timeout(limit, connecting).await.map_err(late)?
}

/// An answer must have the columns that its decoder reads by position.
fn check_columns(found: &[&str], expected: &[&str]) -> Result<(), CollectError> {
    if found == expected {
        return Ok(());
    }
    let place = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    let name = |names: &[&str]| names.get(place).copied().unwrap_or("missing").to_owned();
    Err(CollectError::Columns { place: place + 1, found: one_line(&name(found)), expected: name(expected) })
}
