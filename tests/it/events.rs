//! `/events`: restarts, crashes and resets are noticed, with the gaps that they leave.

use basira_test_support::{MAJORS, PostgresServer};
use serde_json::Value;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

/// Our own collectors, each of which must work on every version.
const COLLECTORS: [&str; 9] = [
    "pg_server",
    "pg_settings",
    "pg_stat_archiver",
    "pg_stat_database",
    "pg_stat_subscription",
    "sequences",
    "vacuum",
    "vacuum_progress",
    "xid_horizon",
];

struct Watched {
    _app: TestApp,
    database: TestDatabase,
    registered: Registered,
}

impl Watched {
    async fn on(server: &PostgresServer) -> Self {
        let app = TestApp::start().await;
        let database = TestDatabase::create(server).await;
        let registered = Organization::verified(&app, "server").await.register(&database).await;
        registered.connected().await;
        let watched = Self { _app: app, database, registered };
        // a second look: the first is the baseline
        watched.looks("pg_stat_database", 2).await;
        watched.looks("pg_server", 2).await;
        watched
    }

    async fn looks(&self, collector: &str, count: u64) {
        self.registered
            .collected(async || {
                let line = self.registered.collector(collector).await;
                if line["runs"].as_u64() >= Some(count) && line["state"] == "ok" { Ok(()) } else { Err(line) }
            })
            .await;
    }

    async fn events(&self, kind: &str) -> Vec<Value> {
        self.registered.get(&format!("/events?kind={kind}")).await.as_array().unwrap().clone()
    }

    /// Waits for an event about something whose name starts so.
    async fn noticed(&self, kind: &str, subject: &str) -> Value {
        self.registered
            .collected(async || {
                let events = self.events(kind).await;
                let is_it =
                    |event: &&Value| event["subject"].as_str().is_some_and(|s| s.starts_with(subject));
                events.iter().find(is_it).cloned().ok_or(events)
            })
            .await
    }

    /// Waits for a gap of this reason in this stream.
    async fn has_gap(&self, reason: &str, stream: &str) {
        self.registered
            .collected(async || {
                let gaps = self.events("gap").await;
                let is_it = |gap: &Value| {
                    gap["subject"] == reason && gap["streams"].as_array().unwrap().iter().any(|s| s == stream)
                };
                if gaps.iter().any(is_it) { Ok(()) } else { Err(gaps) }
            })
            .await;
    }
}

#[tokio::test]
async fn every_collector_works_on_each_version() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "server").await;
    for major in MAJORS {
        let database = TestDatabase::create(shared(major).await).await;
        let registered = organization.register(&database).await;
        registered
            .collected(async || {
                for name in COLLECTORS {
                    let line = registered.collector(name).await;
                    if line["state"] != "ok" || line["runs"].as_u64() < Some(2) {
                        return Err(format!("on {major}: {line:#}"));
                    }
                    // a monitoring role sees all but sequences, of which there are none
                    assert!(line["reason"].is_null(), "on {major}: {line:#}");
                }
                Ok(())
            })
            .await;
    }
}

#[tokio::test]
async fn an_idle_server_causes_no_events() {
    let watched = Watched::on(shared(NEWEST).await).await;
    let before = watched.registered.collector("pg_server").await["runs"].as_u64().unwrap();
    watched.looks("pg_server", before + 2).await;
    for kind in ["server_restarted", "version_changed", "promoted", "server_changed"] {
        assert!(watched.events(kind).await.is_empty(), "{kind}");
    }
    let everything = watched.registered.get("/events?limit=1").await;
    assert!(everything.as_array().unwrap().len() <= 1);
    let path = format!("/databases/{}/events?kind=nonsense", watched.registered.id);
    assert_eq!(watched.registered.client.get(&path, 400).await["field"], "kind");
}

#[tokio::test]
async fn a_restart_is_an_event_and_a_gap() {
    for major in [14, NEWEST] {
        let mut server = private(major, "").await;
        let watched = Watched::on(&server).await;
        server.restart().await.unwrap();
        let event = watched.noticed("server_restarted", "server").await;
        let started =
            "select to_char(pg_postmaster_start_time() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS')";
        let started: String = server.client().await.unwrap().query_one(started, &[]).await.unwrap().get(0);
        assert!(event["ts"].as_str().unwrap().starts_with(&started), "{event:#} at {started}");
        assert!(event["after"].as_str() > event["before"].as_str(), "{event:#}");
        watched.has_gap("restarted", "databases").await;
        assert_eq!(watched.events("server_restarted").await.len(), 1);
    }
}

#[tokio::test]
async fn a_crash_is_detected_by_lost_counters() {
    for major in [14, 15, NEWEST] {
        let server = private(major, "").await;
        let watched = Watched::on(&server).await;
        let victim = server.client().await.unwrap();
        let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        server.kill_backend(pid).unwrap();
        watched.noticed("counters_reset", "pg_stat_wal").await;
        watched.noticed("counters_reset", "pg_stat_database").await;
        watched.has_gap("counters_reset", "databases").await;
        assert!(watched.events("server_restarted").await.is_empty(), "the postmaster lived on");
        let stats = watched.registered.get("/database-stats").await;
        for line in stats.as_array().unwrap() {
            assert!(line["commits"].is_null() || line["commits"].as_i64() >= Some(0), "{line:#}");
        }
    }
}

#[tokio::test]
async fn each_kind_of_manual_reset_has_its_own_event() {
    for major in [14, 16, NEWEST] {
        let server = private(major, "").await;
        let watched = Watched::on(&server).await;
        let admin = watched.database.client().await;
        admin.batch_execute("select pg_stat_reset_shared('bgwriter')").await.unwrap();
        let event = watched.noticed("counters_reset", "pg_stat_bgwriter").await;
        assert!(event["after"].as_str() > event["before"].as_str(), "{event:#}");
        admin.batch_execute("select pg_stat_reset_shared('archiver')").await.unwrap();
        watched.noticed("counters_reset", "pg_stat_archiver").await;
        assert!(
            watched.events("counters_reset").await.iter().all(|event| event["subject"] != "pg_stat_wal"),
            "nobody reset pg_stat_wal"
        );
        admin.batch_execute("select pg_stat_reset()").await.unwrap();
        let subject = format!("pg_stat_database of {}", watched.database.name);
        watched.noticed("counters_reset", &subject).await;
        watched.has_gap("counters_reset", "databases").await;
        admin.batch_execute("select pg_stat_statements_reset()").await.unwrap();
        watched.noticed("counters_reset", "pg_stat_statements").await;
    }
}

#[tokio::test]
async fn a_restart_while_basira_was_stopped_is_detected() {
    let mut server = private(NEWEST, "").await;
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "server").await;
    let database = TestDatabase::create(&server).await;
    let mut registered = organization.register(&database).await;
    registered.connected().await;
    app.kill().await;
    server.restart().await.unwrap();
    app.start_again().await;
    registered.client = organization.moved_to(&app);
    registered
        .collected(async || {
            let events = registered.get("/events?kind=server_restarted,gap").await;
            let kinds: Vec<&Value> = events.as_array().unwrap().iter().map(|event| &event["kind"]).collect();
            if kinds.iter().any(|kind| *kind == "server_restarted") && kinds.iter().any(|kind| *kind == "gap")
            {
                Ok(())
            } else {
                Err(events)
            }
        })
        .await;
}
