//! `/queries` shows exactly what was done, on every version and across every break.

use std::time::Duration;

use basira_actors::model::Timestamp;
use basira_test_support::{MAJORS, PostgresServer};
use serde_json::Value;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually, holds_for};

const SHOWN_WITHIN: Duration = Duration::from_secs(15);
/// Longer than a poll, so that a doubled or late number would be seen.
const SETTLED: Duration = Duration::from_secs(4);
const ROWS_PER_READ: i64 = 7;

/// One watched database in which a known number of known statements is run.
struct Scripted {
    app: TestApp,
    organization: Organization,
    database: TestDatabase,
    registered: Registered,
    since: Timestamp,
}

impl Scripted {
    async fn on(server: &PostgresServer) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "totals").await;
        let database = TestDatabase::create(server).await;
        let table = "create table scripted as select n from generate_series(1, 100) n";
        database.client().await.batch_execute(table).await.unwrap();
        let since = Timestamp::now() - Duration::from_secs(60);
        let registered = organization.register(&database).await;
        registered.connected().await;
        Self { app, organization, database, registered, since }
    }

    /// Runs the scripted read `times` times.
    async fn run(&self, times: usize) {
        let client = self.database.client().await;
        for _ in 0..times {
            read(&client).await;
        }
    }

    /// The line of `/queries` of the scripted read; `None` before it was seen.
    async fn shown(&self) -> Option<Value> {
        let lines =
            self.registered.get(&format!("/queries?since={}&limit=100&sort_by=calls", self.since)).await;
        let is_ours =
            |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("from scripted"));
        let ours: Vec<_> = lines.as_array().unwrap().iter().filter(is_ours).cloned().collect();
        assert!(ours.len() <= 1, "one statement, several lines: {ours:#?}");
        ours.into_iter().next()
    }

    async fn calls(&self) -> i64 {
        self.shown().await.map_or(0, |line| line["total_calls"].as_i64().unwrap())
    }

    /// Waits for exactly `calls`, and sees that it stays there.
    async fn shows(&self, calls: i64) {
        eventually(SHOWN_WITHIN, async || match self.calls().await {
            now if now == calls => Ok(()),
            now => Err(format!("{now} calls instead of {calls}")),
        })
        .await;
        holds_for(SETTLED, async || assert_eq!(self.calls().await, calls)).await;
        let line = self.shown().await.unwrap();
        assert_eq!(line["total_rows"], calls * ROWS_PER_READ);
        self.series_adds_up(&line).await;
    }

    /// The break is shown as a gap.
    async fn has_gap(&self, reason: &str) {
        let hash = self.shown().await.unwrap()["query_hash"].clone();
        let detail =
            self.registered.get(&format!("/queries/{}?since={}", hash.as_str().unwrap(), self.since)).await;
        let gaps = detail["gaps"].as_array().unwrap();
        assert!(gaps.iter().any(|gap| gap["reason"] == reason), "no gap for {reason}: {gaps:#?}");
    }

    /// The detail's series has the same sum and nothing negative.
    async fn series_adds_up(&self, line: &Value) {
        let path = format!("/queries/{}?since={}", line["query_hash"].as_str().unwrap(), self.since);
        let detail = self.registered.get(&path).await;
        let points = detail["timeseries"].as_array().unwrap();
        let calls: Vec<_> = points.iter().map(|point| point["calls"].as_i64().unwrap()).collect();
        assert!(calls.iter().all(|calls| *calls >= 0), "{calls:?}");
        assert_eq!(calls.iter().sum::<i64>(), line["total_calls"].as_i64().unwrap());
    }
}

async fn read(client: &Client) {
    let rows = client.query("select n from scripted where n <= 7", &[]).await.unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), ROWS_PER_READ);
}

async fn totals_are_exact(major: u16) {
    let scripted = Scripted::on(shared(major).await).await;
    scripted.run(37).await;
    scripted.shows(37).await;

    let counter = "select total_exec_time from pg_stat_statements where query like '%from scripted where%' \
                   and dbid = (select oid from pg_database where datname = current_database())";
    let servers: f64 = scripted.database.client().await.query_one(counter, &[]).await.unwrap().get(0);
    let ours = scripted.shown().await.unwrap()["total_time_ms"].as_f64().unwrap();
    assert!((ours - servers).abs() <= servers * 0.01, "{ours} ms shown, {servers} ms counted on {major}");
}

on_every_version!(totals_are_exact);

#[tokio::test]
async fn a_reset_loses_no_counts_and_adds_none() {
    for major in [MAJORS[0], NEWEST] {
        let server = private(major, "").await;
        let scripted = Scripted::on(&server).await;
        scripted.run(10).await;
        scripted.shows(10).await;
        let reset = "select pg_stat_statements_reset()";
        scripted.database.client().await.query(reset, &[]).await.unwrap();
        scripted.registered.polls_pass(2).await;
        scripted.run(4).await;
        scripted.shows(14).await;
        scripted.has_gap("counters_reset").await;
    }
}

#[tokio::test]
async fn counting_continues_after_a_restart() {
    let mut server = private(NEWEST, "").await;
    let scripted = Scripted::on(&server).await;
    scripted.run(10).await;
    scripted.shows(10).await;
    server.restart().await.unwrap();
    scripted.registered.polls_pass(2).await;
    scripted.run(4).await;
    scripted.shows(14).await;
    scripted.has_gap("restarted").await;
}

#[tokio::test]
async fn counting_continues_after_a_killed_backend() {
    let server = private(NEWEST, "").await;
    let scripted = Scripted::on(&server).await;
    scripted.run(10).await;
    scripted.shows(10).await;
    let victim = scripted.database.client().await;
    let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    server.kill_backend(pid).unwrap();
    scripted.registered.polls_pass(2).await;
    scripted.run(4).await;
    scripted.shows(14).await;
    scripted.has_gap("counters_reset").await;
}

#[tokio::test]
async fn an_evicted_statement_is_never_counted_twice() {
    for major in [MAJORS[0], NEWEST] {
        let server = private(major, "pg_stat_statements.max = 100").await;
        let scripted = Scripted::on(&server).await;
        scripted.run(10).await;
        scripted.shows(10).await;

        let client = scripted.database.client().await;
        for width in 1..=400 {
            let columns = vec!["1"; width].join(", ");
            client.batch_execute(&format!("select {columns}; select {columns}")).await.unwrap();
        }
        scripted.run(3).await;
        scripted.registered.polls_pass(2).await;
        // What was done between two evictions may be lost, and then a gap says so.
        holds_for(SETTLED, async || {
            let calls = scripted.calls().await;
            assert!((10..=13).contains(&calls), "{calls} calls shown of 13 on {major}");
        })
        .await;
        scripted.has_gap("evicted").await;
    }
}

#[tokio::test]
async fn acknowledged_samples_outlive_sigkill() {
    let server = private(NEWEST, "").await;
    let mut scripted = Scripted::on(&server).await;
    scripted.run(10).await;
    scripted.shows(10).await;
    scripted.app.kill().await;
    scripted.app.start_again().await;
    scripted.registered.client = scripted.organization.moved_to(&scripted.app);
    assert_eq!(scripted.calls().await, 10, "acknowledged samples were lost");
    scripted.registered.polls_pass(2).await;
    scripted.run(4).await;
    scripted.shows(14).await;
    scripted.has_gap("not_watched").await;
}

#[tokio::test]
async fn a_window_includes_exactly_the_work_inside_it() {
    let scripted = Scripted::on(shared(NEWEST).await).await;
    scripted.registered.polls_pass(2).await;
    let before = Timestamp::now();
    scripted.registered.polls_pass(2).await;
    let since = Timestamp::now();
    scripted.run(5).await;
    scripted.shows(5).await;
    // the work counts where the poll that saw it ended
    let until = Timestamp::now();
    scripted.registered.polls_pass(2).await;
    let after = Timestamp::now();
    let calls = async |since: Timestamp, until: Timestamp| {
        let lines = scripted.registered.get(&format!("/queries?since={since}&until={until}&limit=100")).await;
        let ours =
            |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains("scripted where"));
        lines.as_array().unwrap().iter().find(ours).map(|line| line["total_calls"].as_i64().unwrap())
    };
    assert_eq!(calls(since, until).await, Some(5), "a window that just covers the work");
    assert_eq!(calls(before, after).await, Some(5), "a wider window");
    assert_eq!(calls(before - Duration::from_secs(60), before).await, None, "a window before");
    assert_eq!(calls(until, after).await, None, "the window that follows");
    assert_eq!(calls(after, after + Duration::from_secs(60)).await, None, "a window after");
}
