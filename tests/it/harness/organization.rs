//! A signed-up organization and the databases it registered.

use std::fmt::Debug;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{TestApp, TestClient, TestDatabase, eventually};

pub(crate) const PASSWORD: &str = "correct horse battery";
/// How long a reachable database may take from registration to its first poll.
const CONNECTED_WITHIN: Duration = Duration::from_secs(15);

/// How long what every collector can see may take to be shown.
const COLLECTED_WITHIN: Duration = Duration::from_secs(30);

/// One tenant with its owner.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) email: String,
    /// Authenticated by the owner's access token.
    pub(crate) owner: TestClient,
    /// Authenticated by an API key.
    pub(crate) key: TestClient,
}

/// A database that Basira was told of.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) client: TestClient,
}

impl Organization {
    /// Signed up but not verified.
    pub(crate) async fn unverified(app: &TestApp, name: &str) -> Self {
        let email = format!("owner@{name}.example");
        let body = json!({"email": email, "password": PASSWORD, "name": "Owner", "org_name": name});
        let session = app.anonymous().post("/auth/signup", &body, 201).await;
        let token = session["access_token"].as_str().expect("an access token");
        let owner = TestClient::with_bearer(&app.url, token);
        let key = owner.post("/api-keys", &json!({"name": "tests"}), 201).await;
        let key = TestClient::with_bearer(&app.url, key["key"].as_str().expect("a key"));
        Self { email, owner, key }
    }

    /// Signed up and verified by the mailed token.
    pub(crate) async fn verified(app: &TestApp, name: &str) -> Self {
        let organization = Self::unverified(app, name).await;
        let token = app.mailed_token(&organization.email);
        app.anonymous().get(&format!("/auth/verify-email?token={token}"), 200).await;
        organization
    }

    /// The same key against the server as it runs now, after a restart.
    pub(crate) fn moved_to(&self, app: &TestApp) -> TestClient {
        TestClient::with_bearer(&app.url, self.key.bearer())
    }

    /// Registers `database`, polled every second.
    pub(crate) async fn register(&self, database: &TestDatabase) -> Registered {
        self.register_as(&database.registration()).await
    }

    /// Registers whatever `body` describes.
    pub(crate) async fn register_as(&self, body: &Value) -> Registered {
        let database = self.key.post("/databases", body, 201).await;
        Registered { id: database["id"].as_str().expect("an id").to_owned(), client: self.key.clone() }
    }
}

impl Registered {
    pub(crate) async fn get(&self, view: &str) -> Value {
        self.client.get(&format!("/databases/{}{view}", self.id), 200).await
    }

    /// One line of `/collectors`.
    pub(crate) async fn collector(&self, name: &str) -> Value {
        let collectors = self.get("/collectors").await;
        let lines = collectors.as_array().expect("a list");
        lines.iter().find(|line| line["name"] == name).expect("a line for this collector").clone()
    }

    /// The line of the collector `name` once its state is `state`; a busy machine lets a run be late.
    pub(crate) async fn collector_becomes(&self, name: &str, state: &str) -> Value {
        eventually(COLLECTED_WITHIN, async || {
            let line = self.collector(name).await;
            if line["state"] == state { Ok(line) } else { Err(line) }
        })
        .await
    }

    /// Lets every collector run, then asks; again and again until the answer is `Ok`.
    pub(crate) async fn collected<T, E: Debug>(&self, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
        eventually(COLLECTED_WITHIN, async || {
            self.collects().await;
            ask().await
        })
        .await
    }

    /// Asks for a run on demand; whoever was registered just now may not be watched yet.
    async fn collects(&self) {
        eventually(CONNECTED_WITHIN, async || {
            let collect = self.client.request(Method::POST, &format!("/databases/{}/collect", self.id));
            let status = collect.send().await.expect("an answer").status();
            if status == 202 { Ok(()) } else { Err(status) }
        })
        .await;
    }

    /// Waits until statements were read `count` more times.
    pub(crate) async fn polls_pass(&self, count: u64) {
        let runs = async || {
            let line = self.collector("pg_stat_statements").await;
            line["runs"].as_u64().expect("runs") - line["failures"].as_u64().expect("failures")
        };
        let wanted = runs().await + count;
        eventually(COLLECTED_WITHIN, async || match runs().await {
            now if now >= wanted => Ok(()),
            now => Err(format!("{now} good runs of {wanted}")),
        })
        .await;
    }

    /// Makes every collector run now rather than when it is due, and waits until `name` has.
    pub(crate) async fn looks_again(&self, name: &str) {
        let runs = async || self.collector(name).await["runs"].as_u64().expect("runs");
        // a changed registration is looked at afresh
        let interval = self.get("").await["poll_interval_seconds"].as_u64().expect("an interval");
        let before = runs().await;
        let change = json!({"poll_interval_seconds": if interval == 1 { 2 } else { 1 }});
        self.client.patch(&format!("/databases/{}", self.id), &change, 200).await;
        eventually(COLLECTED_WITHIN, async || match runs().await {
            now if now > before => Ok(()),
            now => Err(format!("{now} runs of {name}")),
        })
        .await;
    }

    /// Waits for `connected` and a first baseline.
    pub(crate) async fn connected(&self) {
        self.status_becomes("connected", CONNECTED_WITHIN).await;
        self.polls_pass(1).await;
    }

    pub(crate) async fn status_becomes(&self, status: &str, limit: Duration) -> Value {
        eventually(limit, async || {
            let database = self.get("").await;
            if database["status"] == status { Ok(database) } else { Err(database) }
        })
        .await
    }
}
