//! The PostgreSQL driver on tokio-postgres: one connection with prepared statements.

mod connect;
mod error;
mod explain;
mod messages;
mod planning_safety;
mod rows;
mod session_settings;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use tokio::task::JoinHandle;
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use self::connect::{Canceller, Connected, FIRST_TIMEOUT, LOCK_TIMEOUT};
use self::error::{pooler, query_error};
use self::rows::PgRows;
use super::budget::Budget;
use super::{ConnectSettings, Reply, Session, check_columns};
use crate::collect::{
    CollectError, Cursor, ExplainRequest, Extension, HostingProvider, Param, Query, Rows, Server,
    column_named_in, one_line, without_column,
};
use crate::model::{Secret, Target};

const SERVER: &str = include_str!("sql/server.sql");
const SERVER_COLUMNS: &[&str] = &[
    "version",
    "version_num",
    "started_at",
    "database",
    "role",
    "role_oid",
    "statements_version",
    "statements_schema",
    "in_recovery",
    "statements_loaded",
    "backend",
    "lock_timeout",
    "flavour",
    "block_bytes",
];
const SYSTEM: &str = include_str!("sql/system.sql");
const SYSTEM_COLUMNS: &[&str] = &["system_identifier"];
const STATEMENT_TIMEOUT: &str =
    "SELECT /* basira */ pg_catalog.set_config('statement_timeout', $1::text, false)";

/// How much later than `statement_timeout` the deadline is: the server should have cancelled the query by then.
const GRACE: Duration = Duration::from_secs(1);

/// A connection to a PostgreSQL server.
pub(super) struct Postgres {
    client: Client,
    connection: JoinHandle<()>,
    canceller: Canceller,
    /// Removed from error messages of the server.
    password: Option<Secret>,
    /// What the server may still send.
    budget: Arc<Budget>,
    prepared: HashMap<Arc<str>, Prepared>,
    statement_timeout: Duration,
    /// The pid of the backend. If it changes, a connection pooler is in between.
    backend: Option<i64>,
    server: Server,
}

/// A query prepared for this server.
#[derive(Clone)]
struct Prepared {
    statement: Statement,
    /// Columns of the query that the server lacks; they are NULL.
    missing_columns: Arc<[String]>,
}

/// How many missing columns of a query are replaced by NULL before it fails.
const MOST_MISSING_COLUMNS: usize = 16;

impl Drop for Postgres {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Postgres {
    /// Connects and reads the properties of the server.
    pub(super) async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Self, CollectError> {
        let Connected { client, connection, canceller, budget } = connect::connect(target, settings).await?;
        let server = Server {
            database: target.database.clone(),
            databases: target.databases.clone(),
            role: target.username.clone().unwrap_or_default(),
            raw_query_text: settings.raw_query_text,
            try_indexes_on_primary: target.try_indexes_on_primary,
            ..Server::unknown()
        };
        let prepared = HashMap::new();
        let statement_timeout = FIRST_TIMEOUT;
        let mut session = Self {
            client,
            connection,
            canceller,
            password: target.password.clone(),
            budget,
            prepared,
            statement_timeout,
            backend: None,
            server,
        };
        session.pin_settings().await?;
        session.refresh().await?;
        session.server.system_identifier = session.system_identifier().await;
        Ok(session)
    }

    /// Returns none when the role may not read it. If the connection is lost, the next query fails.
    async fn system_identifier(&mut self) -> Option<i64> {
        let query = Query { sql: Arc::from(SYSTEM), params: Vec::new(), columns: SYSTEM_COLUMNS };
        let reply = self.run(&query, FIRST_TIMEOUT).await.ok()?;
        reply.rows.i64(0, 0).ok().flatten()
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, CollectError> {
        self.budget.reset();
        match timeout(limit, work).await {
            Ok(answer) => answer.map_err(|error| match self.budget.fault() {
                Some(fault) => fault.error(self.canceller.address(), connect::ENGINE),
                None => query_error(&error, &self.server, self.password.as_ref()),
            }),
            Err(_) => {
                self.canceller.cancel_running();
                Err(CollectError::Deadline { after: limit })
            }
        }
    }

    /// Reads the rows of a reply, packed as they arrive.
    async fn rows(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
        limit: Duration,
    ) -> Result<PgRows, CollectError> {
        let answer = async {
            let mut stream = pin!(self.client.query_raw(statement, params.iter().copied()).await?);
            let mut rows = PgRows::new(statement.clone());
            while let Some(row) = stream.try_next().await? {
                if let Err(error) = rows.push(&row) {
                    return Ok(Err(error));
                }
                consume_budget().await;
            }
            Ok::<_, tokio_postgres::Error>(Ok(rows))
        };
        Ok(self.within(limit, answer).await??)
    }

    async fn prepare(&mut self, query: &Query, limit: Duration) -> Result<Prepared, CollectError> {
        if let Some(prepared) = self.prepared.get(&query.sql) {
            return Ok(prepared.clone());
        }
        let mut missing_columns = Vec::new();
        let mut sql = query.sql.to_string();
        let statement = loop {
            match self.within(limit, self.client.prepare(&sql)).await {
                Err(CollectError::Server { code, message })
                    if code == SqlState::UNDEFINED_COLUMN.code()
                        && missing_columns.len() < MOST_MISSING_COLUMNS =>
                {
                    let fitted = column_named_in(&message, &sql)
                        .and_then(|column| Some((column.to_owned(), without_column(&sql, column)?)));
                    let Some((column, fitted)) = fitted else {
                        return Err(CollectError::Server { code, message });
                    };
                    missing_columns.push(column);
                    sql = fitted;
                }
                statement => break statement?,
            }
        };
        let found: Vec<&str> = statement.columns().iter().map(tokio_postgres::Column::name).collect();
        check_columns(&found, query.columns)?;
        let prepared = Prepared { statement, missing_columns: missing_columns.into() };
        self.prepared.insert(Arc::clone(&query.sql), prepared.clone());
        Ok(prepared)
    }

    async fn limit_server(&mut self, limit: Duration) -> Result<(), CollectError> {
        if self.statement_timeout != limit {
            let millis = limit.as_millis().to_string();
            self.within(limit + GRACE, self.client.execute(STATEMENT_TIMEOUT, &[&millis])).await?;
            self.statement_timeout = limit;
        }
        Ok(())
    }
}

#[async_trait]
impl Session for Postgres {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn refresh(&mut self) -> Result<(), CollectError> {
        let query = Query { sql: Arc::from(SERVER), params: Vec::new(), columns: SERVER_COLUMNS };
        let reply = self.run(&query, FIRST_TIMEOUT).await?;
        let (server, backend) = read_server(&*reply.rows, &self.server)?;
        if self.backend.is_some_and(|before| before != backend) {
            return Err(pooler("the server's process changed during one connection"));
        }
        (self.server, self.backend) = (server, Some(backend));
        Ok(())
    }

    async fn run(&mut self, query: &Query, limit: Duration) -> Result<Reply, CollectError> {
        self.limit_server(limit).await?;
        let Prepared { statement, missing_columns } = self.prepare(query, limit + GRACE).await?;
        let params: Vec<&(dyn ToSql + Sync)> = query
            .params
            .iter()
            .map(|param| match param {
                Param::Int(value) => value as &(dyn ToSql + Sync),
                Param::BigInt(value) => value,
                Param::BigInts(values) => values,
                Param::Bool(value) => value,
                Param::Text(value) => value,
            })
            .collect();
        let rows = self.rows(&statement, &params, limit + GRACE).await?;
        Ok(Reply { size_bytes: rows.size_bytes(), rows: Box::new(rows), missing_columns, notice: None })
    }

    async fn explain(&mut self, statement: &ExplainRequest, limit: Duration) -> Result<Reply, CollectError> {
        let explained = self.explained(statement, limit).await?;
        let size_bytes = explained.size_bytes();
        Ok(Reply { rows: Box::new(explained), missing_columns: Arc::from([]), notice: None, size_bytes })
    }
}

/// Reads the properties of the server, and the pid of the backend. Properties that are not in `rows` are those of `before`.
fn read_server(rows: &dyn Rows, before: &Server) -> Result<(Server, i64), CollectError> {
    let mut cursor = Cursor::new(rows, 0);
    // packages append their version: "15.18 (Debian 15.18-0+deb12u1)"
    let version =
        one_line(cursor.text()?.and_then(|text| text.split_whitespace().next()).unwrap_or_default());
    let version_num = cursor.required_i64()?;
    let started_at = cursor.required_timestamp()?;
    let database = cursor.text()?.unwrap_or_default().to_owned();
    let role = cursor.text()?.unwrap_or_default().to_owned();
    let role_oid = cursor.required_i64()?;
    let statements_version = cursor.text()?;
    let statements_schema = cursor.text()?;
    let in_recovery = cursor.bool()?.unwrap_or_default();
    let statements_loaded = cursor.bool()?.unwrap_or_default();
    let backend = cursor.required_i64()?;
    // no query may run without our limits, and setting them now would change a session that others use
    if cursor.text()? != Some(LOCK_TIMEOUT) {
        return Err(pooler("the limits that Basira set when connecting did not reach the server"));
    }
    let provider = cursor.text()?.and_then(HostingProvider::from_name).unwrap_or(HostingProvider::Plain);
    let block_bytes = cursor.required_i64()?;
    let statements = statements_version.zip(statements_schema).and_then(|(version, schema)| {
        let (major, minor) = version.split_once('.')?;
        Some(Extension { schema: schema.to_owned(), version: (major.parse().ok()?, minor.parse().ok()?) })
    });
    let major = u32::try_from(version_num / 10_000).unwrap_or_default();
    let server = Server {
        version,
        major,
        in_recovery,
        block_bytes,
        started_at,
        database,
        provider,
        role,
        role_oid,
        statements,
        statements_loaded,
        ..before.clone()
    };
    Ok((server, backend))
}
