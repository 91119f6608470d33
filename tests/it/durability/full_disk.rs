//! The disk of the data directory is full for some seconds, then has room again.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::integrity::is_intact;
use super::ledger::{Outcome, signup};
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{
    FailingFiles, Fault, Organization, PASSWORD, Registered, SmallDisk, TestApp, TestClient, TestDatabase,
    eventually, holds_for, issue,
};

const NOTICED_WITHIN: Duration = Duration::from_secs(10);
const RECOVERED_WITHIN: Duration = Duration::from_secs(10);
/// Longer than a poll and than the server waits for a connection of its storage.
const FULL_FOR: Duration = Duration::from_secs(6);
/// Of the whole time on the full disk, in which some hundred requests and polls fail.
const MOST_LOG_LINES: usize = 10;
const RULE: &str = "collection.storage_failing";

/// A server whose files are on a disk that can be full.
struct Scene<'a> {
    app: &'a mut TestApp,
    organization: Organization,
    /// Of another person, who has nothing but this.
    session: TestClient,
    registered: Registered,
    client: Client,
    executed: i64,
}

#[tokio::test]
async fn a_full_disk_is_reported_and_recovered_from() {
    let files = FailingFiles::containing("/data/");
    let mut app = TestApp::start_on(&files).await;
    let fill = || files.fail_from(Fault::DiskFull, 1);
    Scene::set(&mut app).await.plays(fill, || files.heal()).await;
}

#[tokio::test]
async fn a_full_file_system_is_reported_and_recovered_from() {
    let mut disk = None;
    let mut app = TestApp::start_from(|data_dir| disk = SmallDisk::at(data_dir)).await;
    let Some(disk) = disk else {
        println!("NOT TRIED: mounting a file system of 24 MB takes root");
        return;
    };
    Scene::set(&mut app).await.plays(|| disk.fill(), || disk.free()).await;
}

impl<'a> Scene<'a> {
    async fn set(app: &'a mut TestApp) -> Self {
        let organization = Organization::verified(app, "full").await;
        let session = Organization::unverified(app, "session").await.owner;
        let database = TestDatabase::create(shared(NEWEST).await).await;
        let client = database.client().await;
        client.batch_execute("create table kept as select 1 as n").await.unwrap();
        let registered = organization.register(&database).await;
        registered.connected().await;
        Self { app, organization, session, registered, client, executed: 0 }
    }

    async fn plays(mut self, fill: impl Fn(), free: impl Fn()) {
        let revoked = self.create_key("to be revoked").await;
        let kept = self.create_key("to be kept").await;
        self.execute(3).await;
        self.shows_all().await;

        let logged = self.app.log().lines().count();
        fill();
        self.execute(3).await;
        self.refuses_to_write(&revoked).await;
        self.says_so().await;
        for key in [&revoked, &kept] {
            assert_eq!(self.status_of(key).await, 200, "what could not be revoked is good, and can read");
        }
        let lines = self.app.log().lines().count() - logged;
        assert!(lines <= MOST_LOG_LINES, "{lines} lines in the log");
        for line in ["the storage takes no writes", "requests fail because the storage is unavailable"] {
            assert_eq!(self.app.log().matches(line).count(), 1, "{line}: once a minute");
        }

        free();
        self.recovers(&revoked).await;
        let new = self.create_key("after").await;
        self.execute(3).await;
        self.shows_all().await;
        self.has_kept(&[&kept, &new], &revoked).await;

        self.app.kill().await;
        is_intact(&self.app.data_dir().join("basira.db")).await;
        self.app.start_again().await;
        self.registered.client = self.organization.moved_to(self.app);
        self.session = self.registered.client.showing(self.session.bearer());
        self.has_kept(&[&kept, &new], &revoked).await;
        let shown = self.calls().await;
        assert_eq!(shown, self.executed, "samples that were shown before the restart");
    }

    /// Everything that writes, for as long as the disk is full.
    async fn refuses_to_write(&self, revoked: &Key) {
        eventually(NOTICED_WITHIN, async || match Outcome::of(self.creates_key("refused")).await {
            Outcome::Refused(503) => Ok(()),
            outcome => Err(outcome),
        })
        .await;
        holds_for(FULL_FOR, async || {
            let database = format!("/databases/{}", self.registered.id);
            let key = &self.registered.client;
            let requests = [
                self.creates_key("refused"),
                key.request(Method::DELETE, &format!("/api-keys/{}", revoked.id)),
                key.request(Method::PATCH, &database).json(&json!({"name": "refused"})),
                key.request(Method::DELETE, &database),
                self.session.request(Method::POST, "/auth/logout"),
                key.request(Method::POST, "/auth/signup").json(&signup("refused@full.example")),
            ];
            for request in requests {
                let (client, request) = request.build_split();
                let request = request.unwrap();
                let what = format!("{} {}", request.method(), request.url().path());
                let outcome = Outcome::of(RequestBuilder::from_parts(client, request)).await;
                assert!(matches!(outcome, Outcome::Refused(503)), "{what} on a full disk: {outcome:?}");
            }
        })
        .await;
    }

    /// `/readyz`, the collectors and the doctor; who only reads is served.
    async fn says_so(&self) {
        eventually(NOTICED_WITHIN, async || {
            let ready = self.app.anonymous().request(Method::GET, "/readyz").send().await.unwrap().status();
            let collector = self.registered.collector("pg_stat_statements").await;
            let reason = collector["reason"].as_str().unwrap_or_default();
            let fix = collector["fix"].as_str().unwrap_or_default();
            let failing = collector["state"] == "failing" && reason.contains("stor") && fix.contains("disk");
            let doctor = self.registered.get("/doctor").await;
            let ill = issue(&doctor, RULE).is_some_and(|issue| issue.to_string().contains("stor"));
            if ready == 503 && failing && ill {
                Ok(())
            } else {
                Err(json!([ready.as_u16(), collector, doctor]))
            }
        })
        .await;
        self.app.anonymous().get("/healthz", 200).await;
        self.registered.get("/queries").await;
    }

    /// Serves again by itself, and what was refused can be done now.
    async fn recovers(&self, revoked: &Key) {
        eventually(RECOVERED_WITHIN, async || {
            let ready = self.app.anonymous().request(Method::GET, "/readyz").send().await.unwrap().status();
            let collector = self.registered.collector("pg_stat_statements").await;
            if ready == 200 && collector["state"] == "ok" { Ok(()) } else { Err((ready, collector)) }
        })
        .await;
        let names = self.registered.client.get("/api-keys", 200).await;
        assert!(!names.to_string().contains("refused"), "{names}");
        assert_ne!(self.registered.get("").await["name"], "refused");
        self.registered.client.delete(&format!("/api-keys/{}", revoked.id), 204).await;
        let logout = Outcome::of(self.session.request(Method::POST, "/auth/logout")).await;
        assert!(matches!(logout, Outcome::Acknowledged(_)), "{logout:?}");
        self.app.anonymous().post("/auth/signup", &signup("refused@full.example"), 201).await;
    }

    async fn has_kept(&self, kept: &[&Key], revoked: &Key) {
        for key in kept {
            assert_eq!(self.status_of(key).await, 200, "a key that was acknowledged");
        }
        assert_eq!(self.status_of(revoked).await, 401, "a key that was revoked");
        self.session.get("/auth/me", 401).await;
        let login = json!({"email": "refused@full.example", "password": PASSWORD});
        self.registered.client.post("/auth/login", &login, 200).await;
    }

    fn creates_key(&self, name: &str) -> RequestBuilder {
        self.registered.client.request(Method::POST, "/api-keys").json(&json!({"name": name}))
    }

    async fn create_key(&self, name: &str) -> Key {
        let made = self.registered.client.post("/api-keys", &json!({"name": name}), 201).await;
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Key { id: text("id"), secret: text("key") }
    }

    async fn status_of(&self, key: &Key) -> u16 {
        let request = self.registered.client.showing(&key.secret).request(Method::GET, "/auth/me");
        request.send().await.unwrap().status().as_u16()
    }

    async fn execute(&mut self, times: i64) {
        for _ in 0..times {
            self.client.query("select n from kept", &[]).await.unwrap();
        }
        self.executed += times;
    }

    /// Work on a full disk is stored late rather than lost: the server's counters still have it.
    async fn shows_all(&self) {
        eventually(RECOVERED_WITHIN, async || match self.calls().await {
            calls if calls == self.executed => Ok(()),
            calls => Err(format!("{calls} calls shown of {}", self.executed)),
        })
        .await;
    }

    async fn calls(&self) -> i64 {
        let lines = self.registered.get("/queries?limit=100&sort_by=calls").await;
        let is_ours = |line: &&Value| line["query_text"] == "select n from kept";
        let line = lines.as_array().unwrap().iter().find(is_ours).cloned();
        line.map_or(0, |line| line["total_calls"].as_i64().unwrap())
    }
}

/// An API key.
struct Key {
    id: String,
    secret: String,
}
