//! One watched database, and a primary with its standby.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::Value;
use tokio_postgres::Client;

use super::postgres::private;
use super::{Organization, Registered, TestApp, TestDatabase, eventually};

const REPLAYED_WITHIN: Duration = Duration::from_secs(30);

/// A watched database, with a superuser's connection to it.
pub(crate) struct Watched {
    pub(crate) app: TestApp,
    pub(crate) database: TestDatabase,
    pub(crate) registered: Registered,
    pub(crate) admin: Client,
}

impl Watched {
    /// Registers `database` in a new organization and waits until it is polled.
    pub(crate) async fn register(database: TestDatabase, organization: &str) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, organization).await;
        let admin = database.client().await;
        let registered = organization.register(&database).await;
        registered.connected().await;
        Self { app, database, registered, admin }
    }
}

/// A primary with its standby, both watched.
pub(crate) struct Pair {
    _app: TestApp,
    pub(crate) primary_server: PostgresServer,
    pub(crate) standby_server: PostgresServer,
    pub(crate) primary: Registered,
    pub(crate) standby: Registered,
}

impl Pair {
    /// Starts servers of version `major`, the primary with `settings`; both are registered with `rules`.
    pub(crate) async fn start(major: u16, settings: &str, rules: &Value) -> Self {
        let primary_server = private(major, settings).await;
        let standby_server = primary_server.standby("follower").await.expect("a standby");
        let database = TestDatabase::create(&primary_server).await;
        wait_until_replayed(&primary_server, &standby_server).await;
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "replication").await;
        let registrations = [database.registration(), database.registration_through(standby_server.port())];
        let [primary, standby] = registrations.map(|mut registration| {
            registration["rules"] = rules.clone();
            registration
        });
        let (primary, standby) =
            (organization.register_as(&primary).await, organization.register_as(&standby).await);
        primary.connected().await;
        standby.connected().await;
        Self { _app: app, primary_server, standby_server, primary, standby }
    }
}

/// Waits until `standby` has replayed what `primary` has written.
pub(crate) async fn wait_until_replayed(primary: &PostgresServer, standby: &PostgresServer) {
    let (primary, standby) =
        (primary.client().await.expect("an answer"), standby.client().await.expect("an answer"));
    eventually(REPLAYED_WITHIN, async || {
        let position = "select pg_current_wal_lsn()::text";
        let written: String = primary.query_one(position, &[]).await.expect("a position").get(0);
        let replayed = format!("select pg_last_wal_replay_lsn() >= '{written}'::pg_lsn");
        let replayed = standby.query_one(&replayed, &[]).await.expect("an answer").get(0);
        if replayed { Ok(()) } else { Err(written) }
    })
    .await;
}
