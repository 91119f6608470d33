//! One question to a ClickHouse server: limited on both sides, known by an id of ours, and ended when it takes too long.

use std::time::Duration;

use clickhouse::Client;
use clickhouse::query::{BytesCursor, Query as Request};
use tokio::time::timeout;
use uuid::Uuid;

use super::super::ConnectSettings;
use super::error::Peer;
use super::http;
use super::limits::Limits;
use super::rows::JsonRows;
use crate::collect::{CollectError, Param};
use crate::model::Target;

/// Every query of ours has an id that begins so: `query_log` and `processes` leave them out by it.
const QUERY_ID: &str = "basira-";
/// An answer larger than this is not what was asked for.
pub(super) const LARGEST_ANSWER: usize = 64 << 20;
/// How much later than the server we give up: it should have ended the query by then.
const GRACE: Duration = Duration::from_secs(1);
/// How long ending a query may take.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection, and what goes with each question.
pub(super) struct Asker {
    client: Client,
    pub(super) peer: Peer,
    pub(super) limits: Limits,
    clustered: bool,
}

impl Asker {
    pub(super) async fn new(target: &Target, settings: &ConnectSettings) -> Result<Self, CollectError> {
        let is_encrypted = http::is_encrypted(target, settings).await?;
        let client = http::client(target, is_encrypted, settings)?;
        let peer = Peer {
            address: http::address(target),
            is_encrypted,
            role: target.username.clone().unwrap_or_else(|| "default".to_owned()),
            password: target.password.clone(),
        };
        Ok(Self { client, peer, limits: Limits::default(), clustered: target.cluster.is_some() })
    }

    /// Asks as it stands, with as many limits as the server takes.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        params: &[Param],
        limit: Duration,
    ) -> Result<JsonRows, CollectError> {
        loop {
            match self.attempt(sql, params, limit).await {
                Err(CollectError::Server { code, message }) if self.limits.give_up(&code, &message) => {}
                answer => return answer,
            }
        }
    }

    async fn attempt(&self, sql: &str, params: &[Param], limit: Duration) -> Result<JsonRows, CollectError> {
        let id = query_id();
        let mut request = self.request(sql, &id, limit).with_setting("wait_end_of_query", "1");
        for param in params {
            request = match param {
                Param::Int(value) => request.bind(value),
                Param::BigInt(value) => request.bind(value),
                Param::BigInts(values) => request.bind(values),
                Param::Bool(value) => request.bind(u8::from(*value)),
                Param::Text(value) => request.bind(value),
            };
        }
        let failed = |error| self.peer.query_error(&error);
        let mut answer = request.fetch_bytes("JSONCompact").map_err(failed)?;
        let body = timeout(limit + GRACE, collect(&mut answer)).await;
        let Ok(body) = body else {
            self.kill(id);
            return Err(CollectError::Deadline { after: limit + GRACE });
        };
        let body = body.map_err(failed)?;
        // with HTTP 200 an error can still stand in the place of an answer, or behind its first rows
        serde_json::from_slice(&body).map_err(|_| self.peer.refusal(&String::from_utf8_lossy(&body)))
    }

    /// The gentlest end comes first: the server's own limit, ours, and then the query is killed.
    fn request(&self, sql: &str, id: &str, limit: Duration) -> Request {
        let request = self.client.query(sql).with_setting("query_id", id);
        let settings = self.limits.settings(limit, self.clustered);
        settings.into_iter().fold(request, |request, (name, value)| request.with_setting(name, value))
    }

    /// Ends the query whose answer we stopped waiting for: the server goes on when a client just leaves.
    fn kill(&self, id: String) {
        let query = self.request("KILL QUERY WHERE query_id = ? ASYNC", &query_id(), KILL_TIMEOUT).bind(id);
        tokio::spawn(async move {
            // a server that does not answer may not take this either; its own time limit remains
            let _ = timeout(KILL_TIMEOUT, query.execute()).await;
        });
    }
}

fn query_id() -> String {
    format!("{QUERY_ID}{}", Uuid::now_v7().simple())
}

async fn collect(answer: &mut BytesCursor) -> Result<Vec<u8>, clickhouse::error::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.next().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(clickhouse::error::Error::Custom("the answer has no end".to_owned()));
        }
    }
    Ok(body)
}
