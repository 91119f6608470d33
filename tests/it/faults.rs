//! Whatever happens to one watched server: its status says why, we stay polite, and the others stay on time.

use std::time::Duration;

use basira_actors::model::Timestamp;
use basira_test_support::{Distribution, Options, PostgresServer, connect};
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{
    ChaosProxy, Mode, Organization, Registered, TestApp, TestDatabase, eventually, holds_for,
};

/// A status goes stale after three intervals, at least 15 s; the rest is time to be seen.
const NOTICED_WITHIN: Duration = Duration::from_secs(25);
const RECOVERED_WITHIN: Duration = Duration::from_secs(15);
const MOST_SESSIONS: i64 = 2;
const DISCONNECT: &str = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
/// One interval of a second and at most a second late.
const ON_TIME: Duration = Duration::from_secs(2);

/// One database that will suffer, and one beside it that must not notice.
struct Pair {
    _app: TestApp,
    organization: Organization,
    database: TestDatabase,
    victim: Registered,
    bystander: Registered,
}

impl Pair {
    async fn on(server: &PostgresServer, port: u16) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "faults").await;
        let database = TestDatabase::create(server).await;
        let victim = organization.register_as(&database.registration_through(port)).await;
        let bystander = organization.register(&TestDatabase::create(shared(NEWEST).await).await).await;
        victim.connected().await;
        bystander.connected().await;
        Self { _app: app, organization, database, victim, bystander }
    }

    /// The victim is noticed with a reason that names the `cause`, while the bystander is polled on time.
    async fn suffers(&self, cause: &str) {
        eventually(NOTICED_WITHIN, async || {
            self.bystander_is_on_time().await;
            let database = self.victim.get("").await;
            let reason = database["last_error"].as_str().unwrap_or_default();
            let noticed = database["status"] == "disconnected" && reason.to_lowercase().contains(cause);
            if noticed { Ok(()) } else { Err(database) }
        })
        .await;
    }

    async fn recovers(&self) {
        self.victim.status_becomes("connected", RECOVERED_WITHIN).await;
        self.bystander_is_on_time().await;
    }

    async fn bystander_is_on_time(&self) {
        let line = self.bystander.collector("pg_stat_statements").await;
        let last: Timestamp = line["last_success_at"].as_str().unwrap().parse().unwrap();
        let age = Timestamp::now().since(last);
        assert!(age < ON_TIME, "the other database was last polled {age:?} ago");
    }

    async fn stays_polite(&self, admin: &Client, span: Duration) {
        holds_for(span, async || {
            let sessions = self.database.monitor_sessions(admin).await;
            assert!(sessions <= MOST_SESSIONS, "{sessions} sessions of ours");
        })
        .await;
    }
}

#[tokio::test]
async fn an_unresponsive_server_is_detected_and_reconnected() {
    let server = private(NEWEST, "").await;
    let pair = Pair::on(&server, server.port()).await;
    server.suspend().unwrap();
    pair.suffers("suspended").await;
    server.resume().unwrap();
    pair.recovers().await;
    let admin = server.client().await.unwrap();
    pair.stays_polite(&admin, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_connection_without_replies_is_detected_and_closed() {
    let server = private(NEWEST, "").await;
    let proxy = ChaosProxy::before(server.port()).await;
    let pair = Pair::on(&server, proxy.port).await;
    proxy.set(Mode::BlackHole);
    pair.suffers("did not answer").await;
    proxy.set(Mode::Forward);
    pair.recovers().await;
}

#[tokio::test]
async fn a_cut_connection_is_reopened() {
    let server = private(NEWEST, "").await;
    let proxy = ChaosProxy::before(server.port()).await;
    let pair = Pair::on(&server, proxy.port).await;
    proxy.set(Mode::Cut);
    pair.suffers("connection").await;
    proxy.set(Mode::Forward);
    pair.recovers().await;
}

#[tokio::test]
async fn locks_on_all_tables_fail_no_poll() {
    let server = private(NEWEST, "").await;
    let pair = Pair::on(&server, server.port()).await;
    let mut locker = pair.database.client().await;
    locker.batch_execute("create table one (n int); create table two (n int)").await.unwrap();
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("lock table one, two, pg_class, pg_proc, pg_authid in access exclusive mode")
        .await
        .unwrap();
    // New sessions cannot even log in now; whichever way it goes, nothing may pile up.
    holds_for(Duration::from_secs(8), async || {
        let waiting = "select count(*) from pg_locks where not granted";
        let waiting: i64 = lock.query_one(waiting, &[]).await.unwrap().get(0);
        assert!(waiting <= MOST_SESSIONS, "{waiting} sessions pile up behind the lock");
        pair.bystander_is_on_time().await;
    })
    .await;
    lock.rollback().await.unwrap();
    pair.recovers().await;
}

#[tokio::test]
async fn a_server_without_free_connections_is_reported() {
    let server = private(NEWEST, "max_connections = 12\nsuperuser_reserved_connections = 3").await;
    let pair = Pair::on(&server, server.port()).await;
    let admin = server.client().await.unwrap();
    let crowd = crowd_out(&pair.database, &server, &admin).await;
    pair.suffers("max_connections").await;
    pair.stays_polite(&admin, Duration::from_secs(2)).await;
    drop(crowd);
    pair.recovers().await;
}

/// Takes every place that ordinary roles can have, ours included.
async fn crowd_out(database: &TestDatabase, server: &PostgresServer, admin: &Client) -> Vec<Client> {
    admin.batch_execute("create role crowd login").await.unwrap();
    let dsn = format!("postgres://crowd@127.0.0.1:{}/postgres", server.port());
    let mut crowd = Vec::new();
    eventually(RECOVERED_WITHIN, async || {
        admin.query(DISCONNECT, &[&database.name]).await.unwrap();
        while let Ok(client) = connect(&dsn).await {
            crowd.push(client);
        }
        match database.monitor_sessions(admin).await {
            0 => Ok(()),
            left => Err(format!("{left} sessions of ours hold their place")),
        }
    })
    .await;
    crowd
}

#[tokio::test]
async fn a_changed_password_is_reported_and_the_new_one_used_at_once() {
    let distribution = Distribution::fetch(Some(NEWEST)).unwrap();
    let options = Options { password: Some("root".to_owned()), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await.unwrap();
    let pair = Pair::on(&server, server.port()).await;
    let admin = server.client().await.unwrap();
    let name = &pair.database.name;
    admin.batch_execute(&format!("alter role {name} password 'changed'")).await.unwrap();
    admin.query(DISCONNECT, &[name]).await.unwrap();
    pair.suffers("password").await;

    let path = format!("/databases/{}", pair.victim.id);
    let change = serde_json::json!({"password": "changed"});
    pair.organization.key.patch(&path, &change, 200).await;
    pair.recovers().await;
}

#[tokio::test]
async fn a_server_without_the_extension_gets_a_fix() {
    let server = private(NEWEST, "").await;
    let database = TestDatabase::create(&server).await;
    database.client().await.batch_execute("drop extension pg_stat_statements").await.unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "faults").await.register(&database).await;
    let line = eventually(NOTICED_WITHIN, async || {
        let line = registered.collector("pg_stat_statements").await;
        if line["fix"].is_string() { Ok(line) } else { Err(line) }
    })
    .await;
    assert!(line["fix"].as_str().unwrap().to_lowercase().contains("create extension"), "{line:#?}");
}
