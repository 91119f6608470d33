//! Runs queries on a ClickHouse server: with limits on both sides, an id of ours, and KILL QUERY after the deadline.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::ConnectSettings;
use super::bind::{bind, query_string};
use super::decode::decode;
use super::error::Peer;
use super::http::{self as connection, Client};
use super::limits::QueryLimits;
use super::response::{Response, read};
use super::rows::JsonRows;
use crate::collect::{CollectError, Param};
use crate::model::Target;

/// The prefix of the ids of our queries, by which collectors leave them out of `query_log` and `processes`.
const QUERY_ID_PREFIX: &str = "basira-";
/// How much later than `max_execution_time` the deadline is: the server should have cancelled the query by then.
const GRACE: Duration = Duration::from_secs(1);
/// The time limit for KILL QUERY.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// Replies of more bytes than this are decoded on a thread of their own.
const LARGE_REPLY_BYTES: usize = 256 << 10;

/// A connection and what is sent with each query.
pub(super) struct QueryRunner {
    client: Client,
    database: String,
    pub(super) peer: Peer,
    pub(super) limits: QueryLimits,
    clustered: bool,
}

impl QueryRunner {
    pub(super) async fn new(target: &Target, settings: &ConnectSettings) -> Result<Self, CollectError> {
        let is_encrypted = connection::is_encrypted(target, settings).await?;
        let client = connection::client(target, settings)?;
        let peer = Peer {
            address: connection::address(target),
            is_encrypted,
            role: target.username.clone().unwrap_or_else(|| "default".to_owned()),
            password: target.password.clone(),
        };
        let (database, clustered) = (target.database.clone(), target.cluster.is_some());
        Ok(Self { client, database, peer, limits: QueryLimits::default(), clustered })
    }

    /// Runs `sql` with as many of our limits as the server accepts.
    pub(super) async fn run(
        &mut self,
        sql: &str,
        params: &[Param],
        columns: &'static [&'static str],
        limit: Duration,
    ) -> Result<JsonRows, CollectError> {
        loop {
            match self.try_run(sql, params, columns, limit).await {
                Err(CollectError::Server { code, message })
                    if self.limits.remove_refused(&code, &message) => {}
                answer => return answer,
            }
        }
    }

    async fn try_run(
        &self,
        sql: &str,
        params: &[Param],
        columns: &'static [&'static str],
        limit: Duration,
    ) -> Result<JsonRows, CollectError> {
        let id = query_id();
        let request = self.request(bind(sql, params), &id, limit)?;
        let answer = timeout(limit + GRACE, async {
            let response =
                self.client.request(request).await.map_err(|error| self.peer.network_error(&error))?;
            read(response, &self.peer).await
        });
        let Ok(answer) = answer.await else {
            self.kill(&id);
            return Err(CollectError::Deadline { after: limit + GRACE });
        };
        match answer? {
            Response::Exception(text) => Err(self.peer.exception_error(&text)),
            Response::Rows(body) => self.decode(body, columns).await,
        }
    }

    async fn decode(
        &self,
        body: Vec<u8>,
        columns: &'static [&'static str],
    ) -> Result<JsonRows, CollectError> {
        let is_large = body.len() > LARGE_REPLY_BYTES;
        let decoding = move || decode(&body, columns);
        let decoded = if is_large {
            spawn_blocking(decoding)
                .await
                .map_err(|error| CollectError::Lost { reason: error.to_string() })?
        } else {
            decoding()
        };
        decoded.map_err(|end| self.peer.exception_error(&end))
    }

    /// Builds the request. The mildest limit takes effect first: that of the server, then the deadline, then KILL QUERY.
    fn request(&self, sql: String, id: &str, limit: Duration) -> Result<Request<Full<Bytes>>, CollectError> {
        let own = [("default_format", "JSONCompact"), ("database", self.database.as_str()), ("query_id", id)];
        let own = own.into_iter().chain([("wait_end_of_query", "1")]);
        let own = own.map(|(name, value)| (name, value.to_owned()));
        let query = query_string(own.chain(self.limits.settings(limit, self.clustered)));
        let scheme = if self.peer.is_encrypted { "https" } else { "http" };
        let uri: Uri = format!("{scheme}://{}/?{query}", self.peer.address).parse().map_err(not_sendable)?;
        let mut request = Request::post(uri).header("user-agent", "basira");
        request = request.header("x-clickhouse-user", self.peer.role.as_bytes());
        if let Some(password) = &self.peer.password {
            let mut key = HeaderValue::from_bytes(password.expose().as_bytes()).map_err(not_sendable)?;
            key.set_sensitive(true);
            request = request.header("x-clickhouse-key", key);
        }
        request.body(Full::from(sql)).map_err(not_sendable)
    }

    /// Kills a query whose reply is no longer waited for: it continues when a client just disconnects.
    fn kill(&self, id: &str) {
        let sql = bind("KILL QUERY WHERE query_id = ? ASYNC", &[Param::Text(id.to_owned())]);
        if let Ok(request) = self.request(sql, &query_id(), KILL_TIMEOUT) {
            // may fail on a server that does not respond; max_execution_time remains
            tokio::spawn(timeout(KILL_TIMEOUT, self.client.request(request)));
        }
    }
}

fn query_id() -> String {
    format!("{QUERY_ID_PREFIX}{}", Uuid::now_v7().simple())
}

/// The error for credentials or a host that cannot be sent over HTTP.
fn not_sendable<E>(_: E) -> CollectError {
    CollectError::Refused { reason: "its host, username or password cannot be sent over HTTP".to_owned() }
}
