//! ClickHouse, by its client over HTTP: one connection, one query at a time, each with an id of ours.

mod error;
mod fit;
mod http;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clickhouse::Client;
use clickhouse::query::{BytesCursor, Query as Request};
use tokio::time::timeout;
use uuid::Uuid;

use self::error::{query_error, refusal};
use self::fit::{Fitted, Known};
use self::rows::JsonRows;
use super::{ConnectSettings, Reply, Session, check_columns};
use crate::collect::{CollectError, Cursor, Explainable, Flavour, Param, Query, Rows as _, Server};
use crate::model::{Target, Timestamp};

const SERVER: &str = include_str!("sql/clickhouse_server.sql");
const SERVER_COLUMNS: &[&str] = &["version", "host_name", "at", "uptime_seconds"];
const COLUMNS: &str = include_str!("sql/clickhouse_columns.sql");
const COLUMNS_COLUMNS: &[&str] = &["table_name", "column_name"];

/// Every query of ours has an id that begins so: `query_log` and `processes` leave them out by it.
const QUERY_ID: &str = "basira-";
/// A version that knows `log_comment` and `use_query_cache`.
const KNOWS_COMMENTS: u32 = 2_303;
/// What a query of ours may take of the server's memory.
const MEMORY_BYTES: u64 = 1 << 30;
/// An answer larger than this is not what was asked for.
const LARGEST_ANSWER: usize = 256 << 20;
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);
/// How much later than the server we give up: it should have ended the query by then.
const GRACE: Duration = Duration::from_secs(1);
/// How far two readings of when the server started may differ: both clocks tick in seconds.
const START_JITTER: Duration = Duration::from_secs(2);
/// `READONLY`: this user may not set our limits.
const READONLY: &str = "164";

/// A connection to a ClickHouse server.
pub(super) struct ClickHouse {
    client: Client,
    address: String,
    cluster: Option<String>,
    known: Known,
    fitted: HashMap<Arc<str>, Fitted>,
    /// Whether the user may set limits for its queries; one of a profile with `readonly = 1` may not.
    may_limit: bool,
    server: Server,
}

impl ClickHouse {
    /// Connects, and learns what server this is.
    pub(super) async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Self, CollectError> {
        let client = http::client(target, settings).await?;
        let server = Server {
            version: String::new(),
            major: 0,
            in_recovery: false,
            system_identifier: None,
            block_bytes: 0,
            started_at: Timestamp(0),
            database: target.database.clone(),
            role: target.username.clone().unwrap_or_else(|| "default".to_owned()),
            role_oid: 0,
            databases: target.databases.clone(),
            flavour: Flavour::Plain,
            statements: None,
            statements_loaded: false,
            raw_query_text: settings.raw_query_text,
        };
        let mut session = Self {
            client,
            address: http::address(target),
            cluster: target.cluster.clone(),
            known: Known::default(),
            fitted: HashMap::new(),
            may_limit: true,
            server,
        };
        session.refresh().await?;
        Ok(session)
    }

    /// Asks as it stands, without fitting.
    async fn ask(&mut self, sql: &str, params: &[Param], limit: Duration) -> Result<JsonRows, CollectError> {
        match self.attempt(sql, params, limit).await {
            Err(CollectError::Server { code, .. }) if code == READONLY && self.may_limit => {
                self.may_limit = false;
                self.attempt(sql, params, limit).await
            }
            answer => answer,
        }
    }

    async fn attempt(&self, sql: &str, params: &[Param], limit: Duration) -> Result<JsonRows, CollectError> {
        let id = format!("{QUERY_ID}{}", Uuid::now_v7().simple());
        let mut request = self.client.query(sql).with_setting("query_id", id.as_str());
        request = request.with_setting("wait_end_of_query", "1");
        if self.may_limit {
            request = self.limited(request, limit);
        }
        for param in params {
            request = match param {
                Param::Int(value) => request.bind(value),
                Param::BigInt(value) => request.bind(value),
                Param::BigInts(values) => request.bind(values),
                Param::Bool(value) => request.bind(u8::from(*value)),
                Param::Text(value) => request.bind(value),
            };
        }
        let failed = |error| query_error(&error, &self.address, &self.server.role);
        let mut answer = request.fetch_bytes("JSONCompact").map_err(failed)?;
        let body = timeout(limit + GRACE, collect(&mut answer)).await;
        let Ok(body) = body else {
            self.kill(id);
            return Err(CollectError::Deadline { after: limit + GRACE });
        };
        let body = body.map_err(failed)?;
        // with HTTP 200 an error can still stand in the place of an answer, or behind its first rows
        serde_json::from_slice(&body).map_err(|_| refusal(&String::from_utf8_lossy(&body), &self.server.role))
    }

    /// The gentlest end comes first: the server's own limit, ours, and then the query is killed.
    fn limited(&self, request: Request, limit: Duration) -> Request {
        let mut settings = vec![
            ("readonly", "2".to_owned()),
            ("max_execution_time", limit.as_secs().max(1).to_string()),
            ("max_threads", "2".to_owned()),
            ("max_memory_usage", MEMORY_BYTES.to_string()),
            ("priority", "10".to_owned()),
            ("output_format_json_quote_64bit_integers", "1".to_owned()),
        ];
        if self.server.major >= KNOWS_COMMENTS {
            settings.push(("cancel_http_readonly_queries_on_client_close", "1".to_owned()));
            settings.push(("log_comment", "basira".to_owned()));
            settings.push(("use_query_cache", "0".to_owned()));
        }
        if self.cluster.is_some() {
            // a replica that is away is shown as such, and does not hide the others
            settings.push(("skip_unavailable_shards", "1".to_owned()));
        }
        settings.into_iter().fold(request, |request, (name, value)| request.with_setting(name, value))
    }

    /// Ends the query whose answer we stopped waiting for: the server goes on when a client just leaves.
    fn kill(&self, id: String) {
        let query = self.client.query("KILL QUERY WHERE query_id = ? ASYNC").bind(id);
        tokio::spawn(async move {
            // a server that does not answer may not take this either; its own time limit remains
            let _ = timeout(Duration::from_secs(2), query.execute()).await;
        });
    }

    fn fit(&mut self, query: &Query) -> Result<Fitted, CollectError> {
        if let Some(fitted) = self.fitted.get(&query.sql) {
            return Ok(fitted.clone());
        }
        let fitted = self.known.fit(&query.sql, self.cluster.as_deref())?;
        self.fitted.insert(Arc::clone(&query.sql), fitted.clone());
        Ok(fitted)
    }
}

#[async_trait]
impl Session for ClickHouse {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn refresh(&mut self) -> Result<(), CollectError> {
        let rows = self.ask(SERVER, &[], FIRST_TIMEOUT).await?;
        check_columns(&rows.columns(), SERVER_COLUMNS)?;
        read_server(&rows, &mut self.server)?;
        let rows = self.ask(COLUMNS, &[], FIRST_TIMEOUT).await?;
        check_columns(&rows.columns(), COLUMNS_COLUMNS)?;
        (self.known, self.fitted) = (Known::default(), HashMap::new());
        for row in 0..rows.len() {
            let (table, column) = (rows.text(row, 0)?, rows.text(row, 1)?);
            self.known.learn(table.unwrap_or_default(), column.unwrap_or_default());
        }
        Ok(())
    }

    async fn run(&mut self, query: &Query, limit: Duration) -> Result<Reply, CollectError> {
        let Fitted { sql, absent } = self.fit(query)?;
        let rows = self.ask(&sql, &query.params, limit).await?;
        check_columns(&rows.columns(), query.columns)?;
        Ok(Reply { rows: Box::new(rows), absent: absent.into() })
    }

    async fn explain(&mut self, _: &Explainable, _: Duration) -> Result<Reply, CollectError> {
        Err(CollectError::Missing {
            reason: "plans of ClickHouse are not collected".to_owned(),
            fix: "EXPLAIN the query by hand".to_owned(),
        })
    }
}

async fn collect(answer: &mut BytesCursor) -> Result<Vec<u8>, clickhouse::error::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.next().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(clickhouse::error::Error::BadResponse("an answer without end".to_owned()));
        }
    }
    Ok(body)
}

/// What the server says of itself.
fn read_server(rows: &JsonRows, server: &mut Server) -> Result<(), CollectError> {
    let mut cursor = Cursor::new(rows, 0);
    server.version = cursor.text()?.unwrap_or_default().to_owned();
    let mut numbers = server.version.split('.').map(|number| number.parse().unwrap_or(0));
    server.major = numbers.next().unwrap_or(0) * 100 + numbers.next().unwrap_or(0);
    cursor.text()?; // host_name
    let at = cursor.required_timestamp()?;
    let uptime = Duration::from_secs(u64::try_from(cursor.required_i64()?).unwrap_or_default());
    let started_at = at - uptime;
    let moved = started_at.since(server.started_at).max(server.started_at.since(started_at));
    if moved > START_JITTER {
        server.started_at = started_at;
    }
    Ok(())
}
