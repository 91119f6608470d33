//! Sessions that block each other on purpose, watched.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

/// The locks are looked at every 5 s; the rest is for a busy machine.
pub(super) const SEEN_WITHIN: Duration = Duration::from_secs(30);
/// A literal that must not get out.
pub(super) const SECRET: &str = "hush-hush-4711";

/// One watched database with a table of two rows, `orders`.
pub(super) struct Scene {
    pub(super) app: TestApp,
    pub(super) database: TestDatabase,
    pub(super) registered: Registered,
    pub(super) admin: Client,
    waiters: Vec<JoinHandle<()>>,
}

/// One session, known by its process id.
pub(super) struct Session {
    pub(super) pid: i64,
    pub(super) client: Client,
}

impl Scene {
    pub(super) async fn on(server: &PostgresServer) -> Self {
        Self::as_registered(TestDatabase::create(server).await, TestDatabase::registration).await
    }

    /// Registered by what `registration` makes of the database.
    pub(super) async fn as_registered(
        database: TestDatabase,
        registration: impl FnOnce(&TestDatabase) -> Value,
    ) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "locks").await;
        let admin = database.client().await;
        let table = "create table orders (id int primary key, note text); insert into orders values (1), (2)";
        admin.batch_execute(table).await.unwrap();
        let registered = organization.register_as(&registration(&database)).await;
        registered.connected().await;
        Self { app, database, registered, admin, waiters: Vec::new() }
    }

    /// A session that is called `name`.
    pub(super) async fn session(&self, name: &str) -> Session {
        let client = self.database.client().await;
        client.batch_execute(&format!("set application_name = '{name}'")).await.unwrap();
        let pid: i32 = client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        Session { pid: pid.into(), client }
    }

    /// Lets `name` run `sql` and leaves it open, as a forgotten transaction.
    pub(super) async fn holds(&self, name: &str, sql: &str) -> Session {
        let session = self.session(name).await;
        session.client.batch_execute(&format!("begin; {sql}")).await.unwrap();
        session
    }

    /// Lets `name` run `sql`, and waits until the server says that it waits for a lock.
    pub(super) async fn waits(&mut self, name: &str, sql: &str) -> i64 {
        let session = self.session(name).await;
        let (pid, sql) = (session.pid, sql.to_owned());
        self.waiters.push(tokio::spawn(async move {
            // an error here is a deadlock that the server ended, or the end of the test
            let _ = session.client.batch_execute(&sql).await;
        }));
        let waiting = "select count(*) from pg_locks where not granted and pid = $1::int8";
        eventually(SEEN_WITHIN, async || {
            let count: i64 = self.admin.query_one(waiting, &[&pid]).await.unwrap().get(0);
            if count == 1 { Ok(()) } else { Err(format!("{pid} does not wait")) }
        })
        .await;
        pid
    }

    /// Waits until every waiter is done.
    pub(super) async fn all_done(&mut self) {
        for waiter in self.waiters.drain(..) {
            waiter.await.unwrap();
        }
    }

    /// The tree whose root is `pid`, once it has `blocked` sessions behind it.
    pub(super) async fn tree_of(&self, pid: i64, blocked: usize) -> Value {
        eventually(SEEN_WITHIN, async || {
            let roots = self.registered.get("/locks/tree").await;
            let is_it = |tree: &&Value| tree["pid"] == pid && tree["blocked_sessions"] == blocked;
            roots.as_array().unwrap().iter().find(is_it).cloned().ok_or(roots.clone())
        })
        .await
    }
}

/// Those lines of a list that belong to `pids`.
pub(super) fn lines_of(list: &Value, pids: &[i64]) -> Vec<Value> {
    let ours = |line: &&Value| line["pid"].as_i64().is_some_and(|pid| pids.contains(&pid));
    list.as_array().unwrap().iter().filter(ours).cloned().collect()
}
