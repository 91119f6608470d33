//! Queries to ClickHouse over HTTP, each with a time-out.

use std::time::Duration;

use basira_actors::model::TlsMode;
use clickhouse::query::Query;
use clickhouse::{Client, Compression, error::Error};
use tokio::time::timeout;

use super::error::ClickHouseError;
use crate::config::Dsn;
use crate::samples::DatabaseScope;

const DATABASE: &str = "basira";
const PORT: u16 = 8_123;
const TLS_PORT: u16 = 8_443;
/// The memory on the server that one read may use.
const READ_MEMORY_BYTES: u64 = 2 << 30;
/// Large, since a query contains the ends of the records in the local tail.
const QUERY_BYTES: u64 = 256 << 20;
/// The rows of an insert must be one block, so that all of them are inserted or none.
const BLOCK_ROWS: u64 = 1 << 30;

/// One database of a ClickHouse server.
pub(super) struct Server {
    client: Client,
    database: String,
    query_timeout: Duration,
}

impl Server {
    /// The server at `dsn`; it is not contacted yet. Each query fails after `query_timeout`.
    pub(super) fn new(dsn: &Dsn, query_timeout: Duration) -> Self {
        let encrypted = !matches!(dsn.tls, None | Some(TlsMode::Disable));
        let (scheme, usual_port) = if encrypted { ("https", TLS_PORT) } else { ("http", PORT) };
        let host = if dsn.host.contains(':') { format!("[{}]", dsn.host) } else { dsn.host.clone() };
        let port = dsn.port.unwrap_or(usual_port);
        let mut client = Client::default()
            .with_url(format!("{scheme}://{host}:{port}"))
            .with_compression(Compression::Lz4)
            .with_validation(false);
        if let Some(username) = &dsn.username {
            client = client.with_user(username);
        }
        if let Some(password) = &dsn.password {
            client = client.with_password(password.expose());
        }
        let database = dsn.database.clone().unwrap_or_else(|| DATABASE.to_owned());
        Self { client, database, query_timeout }
    }

    /// Creates the database unless it exists, since the user may not have the right to create one.
    pub(super) async fn create_database(&self) -> Result<(), ClickHouseError> {
        let doing = "looking for the database";
        let found = self.query_system("SELECT count() FROM system.databases WHERE name = {name:String}");
        if self.answer(doing, found.fetch_one::<u64>()).await? > 0 {
            return Ok(());
        }
        let name = self.database.replace('\\', "\\\\").replace('`', "\\`");
        let create = self.client.query_raw(&format!("CREATE DATABASE IF NOT EXISTS `{name}`"));
        self.answer("creating the database", create.execute()).await
    }

    pub(super) async fn execute(&self, doing: &'static str, sql: &str) -> Result<(), ClickHouseError> {
        let query = self.query(sql).with_setting("materialize_ttl_after_modify", "0");
        self.answer(doing, query.execute()).await
    }

    /// A statement that changes rows of one database.
    pub(super) async fn execute_for(
        &self,
        doing: &'static str,
        sql: &str,
        scope: DatabaseScope,
    ) -> Result<(), ClickHouseError> {
        self.answer(doing, in_scope(scope, self.query(sql)).execute()).await
    }

    /// A few rows.
    pub(super) async fn rows<T>(&self, doing: &'static str, query: Query) -> Result<Vec<T>, ClickHouseError>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        self.answer(doing, self.bounded(query).fetch_all::<T>()).await
    }

    /// Calls `each` with every row, of `width` bytes, while the response is received.
    pub(super) async fn scan(
        &self,
        doing: &'static str,
        query: Query,
        width: usize,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), ClickHouseError> {
        let refused = |source| ClickHouseError::Refused { doing, source };
        let mut answer = self.bounded(query).fetch_bytes("RowBinary").map_err(refused)?;
        let mut partial: Vec<u8> = Vec::with_capacity(width);
        while let Some(chunk) = self.answer(doing, answer.next()).await? {
            let missing = if partial.is_empty() { 0 } else { width - partial.len() };
            let (first, rest) = chunk.split_at(missing.min(chunk.len()));
            partial.extend_from_slice(first);
            if partial.len() == width {
                each(&partial);
                partial.clear();
            }
            let rows = rest.chunks_exact(width);
            partial.extend_from_slice(rows.remainder());
            rows.for_each(&mut each);
        }
        if partial.is_empty() { Ok(()) } else { Err(ClickHouseError::Malformed { doing }) }
    }

    /// Inserts `chunks` of `RowBinary` as one block. Two inserts with the same `token` count once.
    pub(super) async fn insert(
        &self,
        into: &str,
        token: &str,
        chunks: impl Iterator<Item = Vec<u8>>,
    ) -> Result<(), ClickHouseError> {
        let rows = BLOCK_ROWS.to_string();
        let mut insert = self
            .of_database()
            .insert_formatted_with(format!("INSERT INTO {into} FORMAT RowBinary"))
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("max_insert_block_size", rows.as_str())
            .with_setting("min_insert_block_size_rows", rows)
            .with_setting("min_insert_block_size_bytes", "0")
            .with_timeouts(Some(self.query_timeout), Some(self.query_timeout))
            .buffered();
        let refused = |source| ClickHouseError::Refused { doing: "inserting samples", source };
        for chunk in chunks {
            insert.write_buffered(&chunk);
            insert.flush().await.map_err(refused)?;
        }
        insert.end().await.map_err(refused)
    }

    pub(super) fn query(&self, sql: &str) -> Query {
        self.of_database().query_raw(sql)
    }

    /// A query that does not use our database, which may not exist yet.
    pub(super) fn query_system(&self, sql: &str) -> Query {
        self.client.query_raw(sql).param("name", &self.database)
    }

    fn of_database(&self) -> Client {
        self.client.clone().with_database(&self.database)
    }

    /// Limits the time and memory of a read, and ends it when the connection is closed.
    fn bounded(&self, query: Query) -> Query {
        query
            .with_setting("max_execution_time", self.query_timeout.as_secs().max(1).to_string())
            .with_setting("max_memory_usage", READ_MEMORY_BYTES.to_string())
            .with_setting("max_query_size", QUERY_BYTES.to_string())
            .with_setting("cancel_http_readonly_queries_on_client_close", "1")
            .with_setting("readonly", "2")
    }

    async fn answer<T>(
        &self,
        doing: &'static str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ClickHouseError> {
        match timeout(self.query_timeout, answer).await {
            Ok(answer) => answer.map_err(|source| ClickHouseError::Refused { doing, source }),
            Err(_) => Err(ClickHouseError::TimedOut { doing, within: self.query_timeout }),
        }
    }
}

/// `query` with the parameters `organization` and `database`.
pub(super) fn in_scope(scope: DatabaseScope, query: Query) -> Query {
    query.param("organization", scope.organization.to_string()).param("database", scope.database.to_string())
}
