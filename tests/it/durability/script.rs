//! Requests that write, one after the other, and the polls of a real PostgreSQL beside them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::integrity::is_intact;
use super::ledger::{Fact, Ledger, Outcome, signup};
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestClient, TestDatabase, eventually};

/// Without a restart, once files no longer fail.
const RECOVERED_WITHIN: Duration = Duration::from_secs(15);
const DIED_WITHIN: Duration = Duration::from_secs(5);
/// Rows of the statement whose calls are counted, unlike any other.
const COUNTED: &str = "select n from counted where n <= 7";

pub(super) struct Script {
    app: TestApp,
    pub(super) ledger: Ledger,
    organization: Organization,
    key: TestClient,
    watched: Registered,
    database: TestDatabase,
    client: Client,
    round: u32,
    prepared: Option<Prepared>,
    /// Of the last round, if it was acknowledged.
    session: Option<String>,
    /// How often the counted statement was run, and how often it is shown at least.
    executed: i64,
    shown: i64,
}

/// What was acknowledged before a round, and is taken away in it.
struct Prepared {
    name: String,
    session: String,
    key_id: String,
    key: String,
    database_id: String,
}

impl Script {
    /// Against a new server, which watches a database that was polled at least once.
    pub(super) async fn start(app: TestApp) -> Self {
        let organization = Organization::verified(&app, "durable").await;
        let database = TestDatabase::create(shared(NEWEST).await).await;
        let client = database.client().await;
        let table = "create table counted as select n from generate_series(1, 100) n";
        client.batch_execute(table).await.unwrap();
        let watched = organization.register(&database).await;
        watched.connected().await;
        Self {
            app,
            ledger: Ledger::default(),
            key: organization.key.clone(),
            organization,
            watched,
            database,
            client,
            round: 0,
            prepared: None,
            session: None,
            executed: 0,
            shown: 0,
        }
    }

    /// What the next round will take away.
    pub(super) async fn prepare(&mut self) {
        self.ledger.next_round();
        self.round += 1;
        let name = format!("old {}", self.round);
        self.unregister_what_is_left().await;
        let session = match self.session.take() {
            Some(session) => session,
            None => self.sign_up(&format!("old-{}@round.example", self.round)).await.unwrap(),
        };
        let (key_id, key) = self.create_key(&name).await.unwrap();
        let database_id = self.register(&name).await.unwrap();
        self.prepared = Some(Prepared { name, session, key_id, key, database_id });
    }

    /// Each operation once, whatever comes of it: what was prepared goes, and the same is made anew.
    pub(super) async fn round(&mut self) {
        let old = self.prepared.take().expect("what was prepared");
        let name = format!("new {}", self.round);
        self.execute(3).await;
        self.create_key(&name).await;
        self.revoke(&old).await;
        self.register(&name).await;
        self.execute(3).await;
        self.rename(&old).await;
        self.unregister(&old).await;
        self.log_out(&old).await;
        self.session = self.sign_up(&format!("new-{}@round.example", self.round)).await;
        self.execute(3).await;
    }

    async fn sign_up(&mut self, email: &str) -> Option<String> {
        let signed_up = Fact::SignedUp(email.to_owned());
        self.ledger.set(signed_up.clone(), false);
        let request = self.app.anonymous().request(Method::POST, "/auth/signup").json(&signup(email));
        let outcome = Outcome::of(request).await;
        self.ledger.note(&outcome, &[(signed_up, true)]);
        let token = outcome.text("access_token")?;
        self.ledger.set(Fact::Opens(token.clone()), true);
        Some(token)
    }

    async fn create_key(&mut self, name: &str) -> Option<(String, String)> {
        let named = Fact::KeyNamed(name.to_owned());
        self.ledger.set(named.clone(), false);
        let request = self.key.request(Method::POST, "/api-keys").json(&json!({"name": name}));
        let outcome = Outcome::of(request).await;
        self.ledger.note(&outcome, &[(named, true)]);
        let (id, secret) = (outcome.text("id")?, outcome.text("key")?);
        self.ledger.set(Fact::Opens(secret.clone()), true);
        Some((id, secret))
    }

    /// Whether one of `most` keys was refused.
    pub(super) async fn create_keys_until_refused(&mut self, most: usize) -> bool {
        for nth in 0..most {
            if self.create_key(&format!("one of many: {nth}")).await.is_none() {
                return true;
            }
        }
        false
    }

    async fn register(&mut self, name: &str) -> Option<String> {
        let named = Fact::DatabaseNamed(name.to_owned());
        self.ledger.set(named.clone(), false);
        self.ledger.set(Fact::DatabaseNamed(renamed(name)), false);
        let mut body = self.database.registration();
        body["name"] = Value::from(name);
        // only the watched one is polled all the time
        body["poll_interval_seconds"] = Value::from(3_600);
        let outcome = Outcome::of(self.key.request(Method::POST, "/databases").json(&body)).await;
        self.ledger.note(&outcome, &[(named, true)]);
        outcome.text("id")
    }

    async fn revoke(&mut self, old: &Prepared) {
        let outcome =
            Outcome::of(self.key.request(Method::DELETE, &format!("/api-keys/{}", old.key_id))).await;
        let facts = [(Fact::KeyNamed(old.name.clone()), false), (Fact::Opens(old.key.clone()), false)];
        self.ledger.note(&outcome, &facts);
    }

    async fn log_out(&mut self, old: &Prepared) {
        let request = self.key.showing(&old.session).request(Method::POST, "/auth/logout");
        self.ledger.note(&Outcome::of(request).await, &[(Fact::Opens(old.session.clone()), false)]);
    }

    async fn rename(&mut self, old: &Prepared) {
        let change = json!({"name": renamed(&old.name)});
        let request = self.key.request(Method::PATCH, &format!("/databases/{}", old.database_id));
        let outcome = Outcome::of(request.json(&change)).await;
        let (before, after) = (old.name.clone(), renamed(&old.name));
        let facts = [(Fact::DatabaseNamed(before), false), (Fact::DatabaseNamed(after), true)];
        self.ledger.note(&outcome, &facts);
    }

    async fn unregister(&mut self, old: &Prepared) {
        let request = self.key.request(Method::DELETE, &format!("/databases/{}", old.database_id));
        let names = [old.name.clone(), renamed(&old.name)];
        let facts = names.map(|name| (Fact::DatabaseNamed(name), false));
        self.ledger.note(&Outcome::of(request).await, &facts);
    }

    /// Takes away what rounds have left, so that no round is slower than the one before.
    async fn unregister_what_is_left(&mut self) {
        let databases = self.key.get("/databases", 200).await;
        for database in databases.as_array().unwrap().iter().filter(|line| line["id"] != self.watched.id) {
            self.key.delete(&format!("/databases/{}", database["id"].as_str().unwrap()), 204).await;
            let name = database["name"].as_str().unwrap().to_owned();
            self.ledger.set(Fact::DatabaseNamed(name), false);
        }
    }

    /// Runs the counted statement, which the next poll will see.
    async fn execute(&mut self, times: i64) {
        for _ in 0..times {
            self.client.query(COUNTED, &[]).await.unwrap();
        }
        self.executed += times;
    }

    /// Waits until the server works again by itself, and holds it against what was told; every sample arrives too.
    pub(super) async fn recovers(&mut self, when: &str) {
        self.serves_again().await;
        self.ledger.holds(&self.key, when).await;
        let executed = self.executed;
        eventually(RECOVERED_WITHIN, async || match self.calls().await {
            calls if calls == executed => Ok(()),
            calls => Err(format!("{calls} calls shown of {executed} {when}")),
        })
        .await;
        self.shown = executed;
    }

    /// Kills the server unless it has died, starts it anew, and holds it against what was told: what was shown once is
    /// shown still, and nothing twice.
    pub(super) async fn restarts(&mut self, when: &str) {
        if !self.app.ends_within(Duration::ZERO).await {
            self.app.kill().await;
        }
        let file = self.app.data_dir().join("basira.db");
        if file.exists() {
            is_intact(&file).await;
        }
        self.app.start_again().await;
        self.key = self.organization.moved_to(&self.app);
        self.watched.client = self.key.clone();
        self.serves_again().await;
        self.ledger.holds(&self.key, when).await;
        let calls = self.calls().await;
        assert!(
            (self.shown..=self.executed).contains(&calls),
            "{calls} calls shown {when}; {} were before, {} were made",
            self.shown,
            self.executed
        );
        // what nobody watched is in a gap, and not counted later
        self.watched.polls_pass(1).await;
        self.shown = self.calls().await;
        self.executed = self.shown;
    }

    /// Waits for a death that the files have brought.
    pub(super) async fn dies(&mut self) {
        self.app.ends_within(DIED_WITHIN).await;
    }

    /// Ready, and takes a write.
    async fn serves_again(&self) {
        eventually(RECOVERED_WITHIN, async || {
            let ready = self.key.request(Method::GET, "/readyz").send().await.unwrap();
            let key = self.key.request(Method::POST, "/api-keys").json(&json!({"name": "recovered"}));
            let key = key.send().await.unwrap();
            match (ready.status().as_u16(), key.status().as_u16()) {
                (200, 201) => Ok(()),
                statuses => Err((statuses, key.text().await)),
            }
        })
        .await;
    }

    /// How many calls of the counted statement are shown.
    async fn calls(&self) -> i64 {
        let lines = self.watched.get("/queries?limit=100&sort_by=calls").await;
        let is_counted =
            |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("from counted"));
        let counted = lines.as_array().unwrap().iter().find(is_counted);
        counted.map_or(0, |line| line["total_calls"].as_i64().unwrap())
    }
}

fn renamed(name: &str) -> String {
    format!("{name} renamed")
}
