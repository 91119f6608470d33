//! A statement that is run a known number of times in a watched PostgreSQL, and how often it is shown.

use std::time::Duration;

use basira_benches::basira::answer;
use basira_test_support::{PostgresServer, connect};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::account::Account;
use super::keys::Wrong;
use crate::Failure;

const POLLED_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// One watched database.
pub(crate) struct Watched {
    id: String,
    client: Client,
    /// How often the statement was run, ever.
    pub(crate) executed: i64,
    /// As the last look found them: what was run, and what was shown.
    executed_then: i64,
    shown_then: i64,
    /// The most that was shown, ever: it was read from what is stored.
    shown: i64,
}

impl Watched {
    pub(crate) async fn create(
        server: &PostgresServer,
        account: &Account,
        name: &str,
    ) -> Result<Self, Failure> {
        server.client().await?.batch_execute(&format!("create database {name}")).await?;
        let client = connect(&server.dsn().replace("/postgres", &format!("/{name}"))).await?;
        client.batch_execute("create table counted as select 1 as n").await?;
        let id = account.watch(name, server.port()).await?;
        Ok(Self { id, client, executed: 0, executed_then: 0, shown_then: 0, shown: 0 })
    }

    /// Runs the statement and looks at what is shown of it, until the server no longer answers.
    pub(crate) async fn load(&mut self, account: &Account) -> Result<(), Failure> {
        loop {
            for _ in 0..10 {
                self.client.query("select n from counted", &[]).await?;
                self.executed += 1;
                sleep(PAUSE).await;
            }
            let Ok(shown) = self.shown(account).await else { return Ok(()) };
            self.shown = self.shown.max(shown);
        }
    }

    /// Waits for the first poll of a server that was started again, which counts nothing of what was run before it.
    pub(crate) async fn is_polled(&mut self, account: &Account) -> Result<(), Failure> {
        let deadline = Instant::now() + POLLED_WITHIN;
        loop {
            let path = format!("/databases/{}/collectors", self.id);
            let collectors = answer(account.request(Method::GET, &path)).await?;
            let is_polled = |line: &Value| line["name"] == "pg_stat_statements" && line["state"] == "ok";
            if collectors.as_array().is_some_and(|lines| lines.iter().any(is_polled)) {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!("{} was not polled: {collectors}", self.id).into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.shown_then = self.shown(account).await?;
        self.executed_then = self.executed;
        Ok(())
    }

    /// Holds the server that was started again against what was shown before, and what was run since.
    pub(crate) async fn look(&mut self, account: &Account) -> Result<Wrong, Failure> {
        let shown = self.shown(account).await?;
        let most = self.shown_then + self.executed - self.executed_then;
        let wrong = Wrong {
            lost: u64::try_from(self.shown - shown).unwrap_or_default(),
            doubled: u64::try_from(shown - most).unwrap_or_default(),
        };
        self.shown = shown;
        Ok(wrong)
    }

    /// How many calls are shown.
    pub(crate) async fn shown(&self, account: &Account) -> Result<i64, Failure> {
        let path = format!("/databases/{}/queries?limit=100&sort_by=calls", self.id);
        let lines = answer(account.request(Method::GET, &path)).await?;
        let is_counted = |line: &&Value| line["query_text"] == "select n from counted";
        let line = lines.as_array().and_then(|lines| lines.iter().find(is_counted));
        Ok(line.and_then(|line| line["total_calls"].as_i64()).unwrap_or_default())
    }

    /// How many stretches are marked as not watched.
    pub(crate) async fn gaps(&self, account: &Account) -> Result<usize, Failure> {
        let path = format!("/databases/{}/queries?limit=100&sort_by=calls", self.id);
        let lines = answer(account.request(Method::GET, &path)).await?;
        let is_counted = |line: &&Value| line["query_text"] == "select n from counted";
        let line = lines.as_array().and_then(|lines| lines.iter().find(is_counted));
        let Some(hash) = line.and_then(|line| line["query_hash"].as_str()) else { return Ok(0) };
        let detail = account.request(Method::GET, &format!("/databases/{}/queries/{hash}", self.id));
        let detail = answer(detail).await?;
        let gaps = detail["gaps"].as_array().into_iter().flatten();
        Ok(gaps.filter(|gap| gap["reason"] == "not_watched").count())
    }
}
