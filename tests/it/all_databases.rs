//! One registration watches every database of its server.

use std::time::Duration;

use basira_test_support::{MAJORS, PostgresServer};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually, holds_for};

const VISITED_WITHIN: Duration = Duration::from_secs(90);

/// A server of its own, a registration of all its databases, a superuser.
struct Cluster {
    server: PostgresServer,
    admin: Client,
    database: TestDatabase,
    registered: Registered,
    _app: TestApp,
}

impl Cluster {
    async fn start(major: u16, names: &[&str], more: Value) -> Self {
        let server = private(major, "").await;
        let admin = server.client().await.unwrap();
        for name in names {
            admin.batch_execute(&format!("create database {name}")).await.unwrap();
        }
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "clusters").await;
        let database = TestDatabase::create(&server).await;
        let mut body = database.registration();
        body["all_databases"] = json!(true);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let registered = organization.register_as(&body).await;
        registered.connected().await;
        Self { server, admin, database, registered, _app: app }
    }

    /// The databases whose extensions are shown, without the one connected to.
    async fn visited(&self) -> Vec<String> {
        let lines = self.registered.get("/extensions").await;
        let names = lines.as_array().unwrap().iter().map(|line| line["database_name"].as_str().unwrap());
        let mut names: Vec<_> = names.filter(|name| *name != self.database.name).map(str::to_owned).collect();
        names.dedup();
        names
    }

    async fn visits_become(&self, expected: &[&str]) {
        eventually(VISITED_WITHIN, async || match self.visited().await {
            visited if visited == expected => Ok(()),
            visited => Err(visited),
        })
        .await;
    }
}

#[tokio::test]
async fn created_databases_are_polled_and_dropped_ones_are_not() {
    for major in [MAJORS[0], NEWEST] {
        let names = ["shop_a", "shop_b", "shop_closed", "shop_denied", "shop_x_old", "bank"];
        let more = json!({"include_databases": ["shop_*", "late?"], "exclude_databases": ["*_old"]});
        let cluster = Cluster::start(major, &names, more).await;
        for change in [
            "alter database shop_closed allow_connections false",
            "revoke connect on database shop_denied from public",
        ] {
            cluster.admin.batch_execute(change).await.unwrap();
        }
        cluster.visits_become(&["shop_a", "shop_b"]).await;
        let fix = format!("GRANT CONNECT ON DATABASE \"shop_denied\" TO \"{}\";", cluster.database.name);
        eventually(Duration::from_secs(15), async || {
            let line = cluster.registered.collector("pg_database").await;
            let named = (line["state"].as_str(), line["fix"].as_str()) == (Some("ok"), Some(&*fix));
            if named { Ok(()) } else { Err(line) }
        })
        .await;

        cluster.admin.batch_execute(&fix).await.unwrap();
        cluster.admin.batch_execute("create database late1").await.unwrap();
        cluster.admin.batch_execute("drop database shop_b with (force)").await.unwrap();
        cluster.visits_become(&["late1", "shop_a", "shop_denied"]).await;
        assert_eq!(cluster.registered.get("").await["status"], "connected");

        let body = json!({"all_databases": false});
        let path = format!("/databases/{}", cluster.registered.id);
        let shown = cluster.registered.client.patch(&path, &body, 200).await;
        assert_eq!(shown["include_databases"], json!(["late?", "shop_*"]), "the lists stay");
        cluster.visits_become(&[]).await;
    }
}

#[tokio::test]
async fn at_most_two_connections_are_open() {
    let names: Vec<String> = (0..40).map(|number| format!("many_{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cluster = Cluster::start(NEWEST, &names, json!({"include_databases": ["many_*"]})).await;
    holds_for(Duration::from_secs(8), async || {
        let sessions = cluster.database.monitor_sessions(&cluster.admin).await;
        assert!(sessions <= 2, "{sessions} connections");
    })
    .await;
    // visits do not starve the poll
    cluster.registered.polls_pass(5).await;
    cluster.visits_become(&names).await;
    cluster.registered.collector_becomes("pg_extension", "ok").await;
    drop(cluster.server);
}

#[tokio::test]
async fn one_query_reads_the_statements_of_all_databases() {
    for major in MAJORS {
        let cluster = Cluster::start(major, &["shop", "bank"], json!({})).await;
        for (name, times) in [("shop", 3), ("bank", 4)] {
            let client = cluster.server.client_of(name).await.unwrap();
            for _ in 0..times {
                client.query("select 'cluster' as one, $1::int as two", &[&1]).await.unwrap();
            }
        }
        let calls = async |filter: &str| {
            let path = format!("/queries?limit=100{filter}");
            let lines = cluster.registered.get(&path).await;
            let is_ours =
                |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("as two"));
            let ours: Vec<_> = lines.as_array().unwrap().iter().filter(is_ours).cloned().collect();
            assert!(ours.len() <= 1, "one statement, several lines: {ours:#?}");
            ours.first().map_or(0, |line| line["total_calls"].as_i64().unwrap())
        };
        eventually(Duration::from_secs(15), async || match calls("").await {
            7 => Ok(()),
            other => Err(format!("{other} calls on {major}")),
        })
        .await;
        assert_eq!((calls("&database=shop").await, calls("&database=bank").await), (3, 4), "{major}");
        assert_eq!(calls(&format!("&database={}", cluster.database.name)).await, 0);
        let own = cluster.registered.get("/queries?limit=100").await;
        assert!(!own.to_string().contains("basira */"), "our own statements are shown: {own:#}");
    }
}
