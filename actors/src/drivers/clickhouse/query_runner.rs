//! One question to a ClickHouse server: limited on both sides, known by an id of ours, and ended when it takes too long.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::ConnectSettings;
use super::answer::{Came, read};
use super::bind::{bound, parameters};
use super::decode::decode;
use super::error::Peer;
use super::http::{self as connection, Client};
use super::limits::Limits;
use super::rows::JsonRows;
use crate::collect::{CollectError, Param};
use crate::model::Target;

/// Every query of ours has an id that begins so: `query_log` and `processes` leave them out by it.
const QUERY_ID: &str = "basira-";
/// How much later than the server we give up: it should have ended the query by then.
const GRACE: Duration = Duration::from_secs(1);
/// How long ending a query may take.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// An answer of more bytes is decoded on a thread of its own.
const LARGE_BYTES: usize = 256 << 10;

/// A connection, and what goes with each question.
pub(super) struct QueryRunner {
    client: Client,
    database: String,
    pub(super) peer: Peer,
    pub(super) limits: Limits,
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
        Ok(Self { client, database, peer, limits: Limits::default(), clustered })
    }

    /// Asks as it stands, with as many limits as the server takes.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        params: &[Param],
        columns: &'static [&'static str],
        limit: Duration,
    ) -> Result<JsonRows, CollectError> {
        loop {
            match self.attempt(sql, params, columns, limit).await {
                Err(CollectError::Server { code, message }) if self.limits.give_up(&code, &message) => {}
                answer => return answer,
            }
        }
    }

    async fn attempt(
        &self,
        sql: &str,
        params: &[Param],
        columns: &'static [&'static str],
        limit: Duration,
    ) -> Result<JsonRows, CollectError> {
        let id = query_id();
        let request = self.request(bound(sql, params), &id, limit)?;
        let answer = timeout(limit + GRACE, async {
            let response = self.client.request(request).await.map_err(|error| self.peer.network(&error))?;
            read(response, &self.peer).await
        });
        let Ok(answer) = answer.await else {
            self.kill(&id);
            return Err(CollectError::Deadline { after: limit + GRACE });
        };
        match answer? {
            Came::Refusal(text) => Err(self.peer.refusal(&text)),
            Came::Answer(body) => self.decode(body, columns).await,
        }
    }

    async fn decode(
        &self,
        body: Vec<u8>,
        columns: &'static [&'static str],
    ) -> Result<JsonRows, CollectError> {
        let is_large = body.len() > LARGE_BYTES;
        let decoding = move || decode(&body, columns);
        let decoded = if is_large {
            spawn_blocking(decoding)
                .await
                .map_err(|error| CollectError::Lost { reason: error.to_string() })?
        } else {
            decoding()
        };
        decoded.map_err(|end| self.peer.refusal(&end))
    }

    /// The gentlest end comes first: the server's own limit, ours, and then the query is killed.
    fn request(&self, sql: String, id: &str, limit: Duration) -> Result<Request<Full<Bytes>>, CollectError> {
        let own = [("default_format", "JSONCompact"), ("database", self.database.as_str()), ("query_id", id)];
        let own = own.into_iter().chain([("wait_end_of_query", "1")]);
        let own = own.map(|(name, value)| (name, value.to_owned()));
        let query = parameters(own.chain(self.limits.settings(limit, self.clustered)));
        let scheme = if self.peer.is_encrypted { "https" } else { "http" };
        let uri: Uri = format!("{scheme}://{}/?{query}", self.peer.address).parse().map_err(refused)?;
        let mut request = Request::post(uri).header("user-agent", "basira");
        request = request.header("x-clickhouse-user", self.peer.role.as_bytes());
        if let Some(password) = &self.peer.password {
            let mut key = HeaderValue::from_bytes(password.expose().as_bytes()).map_err(refused)?;
            key.set_sensitive(true);
            request = request.header("x-clickhouse-key", key);
        }
        request.body(Full::from(sql)).map_err(refused)
    }

    /// Ends the query whose answer we stopped waiting for: the server goes on when a client just leaves.
    fn kill(&self, id: &str) {
        let sql = bound("KILL QUERY WHERE query_id = ? ASYNC", &[Param::Text(id.to_owned())]);
        if let Ok(request) = self.request(sql, &query_id(), KILL_TIMEOUT) {
            // a server that does not answer may not take this either; its own time limit remains
            tokio::spawn(timeout(KILL_TIMEOUT, self.client.request(request)));
        }
    }
}

fn query_id() -> String {
    format!("{QUERY_ID}{}", Uuid::now_v7().simple())
}

/// Credentials, or a host, that HTTP cannot carry.
fn refused<E>(_: E) -> CollectError {
    CollectError::Refused { reason: "its host, username or password cannot be sent over HTTP".to_owned() }
}
