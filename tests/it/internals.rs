//! `/bgwriter`, `/wal-stats` and `/io-stats` show what the server's own views count, across every break.

use std::collections::BTreeMap;
use std::time::Duration;

use basira_test_support::{MAJORS, PostgresServer};
use serde_json::Value;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

const SEEN_WITHIN: Duration = Duration::from_secs(30);
/// A process tells what it counted when it is done, at the latest; PostgreSQL 14 writes it down twice a second.
const COUNTED_WITHIN: Duration = Duration::from_millis(900);
const COLLECTORS: [&str; 2] = ["pg_stat_bgwriter", "pg_stat_wal"];

/// One watched server on which nobody else works.
struct Quiet {
    _app: TestApp,
    server: PostgresServer,
    database: TestDatabase,
    registered: Registered,
}

impl Quiet {
    async fn of(major: u16, settings: &str) -> Self {
        let server = private(major, settings).await;
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "internals").await;
        let database = TestDatabase::create(&server).await;
        database.client().await.batch_execute("checkpoint").await.unwrap();
        tokio::time::sleep(COUNTED_WITHIN).await;
        let registered = organization.register(&database).await;
        registered.connected().await;
        Self { _app: app, server, database, registered }
    }

    async fn looks_again(&self) {
        for name in COLLECTORS {
            self.registered.looks_again(name).await;
        }
    }

    /// Writes WAL and buffers, and has a checkpoint write them.
    async fn work(&self) {
        let client = self.database.client().await;
        let table =
            "drop table if exists work; create table work as select n from generate_series(1, 20000) n";
        client.batch_execute(table).await.unwrap();
        client.batch_execute("checkpoint").await.unwrap();
        drop(client);
        tokio::time::sleep(COUNTED_WITHIN).await;
    }

    async fn admin(&self) -> Client {
        self.server.client().await.unwrap()
    }

    async fn wal(&self) -> Value {
        self.registered.get("/wal-stats").await
    }

    /// A counter of `/io-stats` over all rows.
    async fn io(&self, name: &str) -> i64 {
        sum(&self.registered.get("/io-stats").await, name)
    }

    async fn sum_of(&self, view: &str, name: &str) -> i64 {
        sum(&self.registered.get(view).await, name)
    }
}

/// What a column of a list adds up to; nothing in it is negative.
fn sum(lines: &Value, name: &str) -> i64 {
    let cells = lines.as_array().unwrap().iter().filter_map(|line| line[name].as_i64());
    cells.inspect(|cell| assert!(*cell >= 0, "{name} is {cell}")).sum()
}

/// One row of a view: each column as text.
async fn view(client: &Client, name: &str) -> Vec<BTreeMap<String, Option<f64>>> {
    let sql = format!(
        "select c.key, c.value::float8 from (select row_number() over () as place, to_jsonb(v) as line from {name} v) v, \
         jsonb_each_text(line) c where jsonb_typeof(line -> c.key) in ('number', 'null') order by place"
    );
    let mut lines: Vec<BTreeMap<String, Option<f64>>> = Vec::new();
    for row in client.query(&sql, &[]).await.unwrap() {
        let (key, value): (String, Option<f64>) = (row.get(0), row.get(1));
        if lines.last().is_none_or(|line| line.contains_key(&key)) {
            lines.push(BTreeMap::new());
        }
        lines.last_mut().unwrap().insert(key, value);
    }
    lines
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// The cell was read between two looks of ours.
fn between(shown: &Value, before: Option<f64>, after: Option<f64>, what: &str) {
    let (Some(before), Some(after)) = (before, after) else {
        assert!(shown.is_null(), "{what} is {shown}, the server has none");
        return;
    };
    let shown = shown.as_f64().unwrap_or_else(|| panic!("{what} is not shown"));
    assert!(before - 0.001 <= shown && shown <= after + 0.001, "{what}: {shown} is not in {before}..{after}");
}

async fn wal_is_that_of_the_view(quiet: &Quiet) {
    let admin = quiet.admin().await;
    let before = view(&admin, "pg_stat_wal").await.remove(0);
    quiet.registered.looks_again("pg_stat_wal").await;
    let shown = quiet.wal().await;
    tokio::time::sleep(COUNTED_WITHIN).await;
    let after = view(&admin, "pg_stat_wal").await.remove(0);
    let is_timed = quiet.server.major() < 18;
    for name in ["wal_records", "wal_fpi", "wal_bytes", "wal_buffers_full", "wal_write", "wal_sync"] {
        let cell = |line: &BTreeMap<String, Option<f64>>| line.get(name).copied().flatten();
        between(&shown[name], cell(&before), cell(&after), name);
    }
    for name in ["wal_write_time", "wal_sync_time"] {
        let cell = |line: &BTreeMap<String, Option<f64>>| line.get(name).copied().flatten();
        between(&shown[&format!("{name}_ms")], cell(&before), cell(&after), name);
        assert_eq!(shown[&format!("{name}_ms")].is_number(), is_timed);
    }
    let reset = "select (extract(epoch from stats_reset) * 1000)::int8 from pg_stat_wal";
    let reset_at: basira_actors::model::Timestamp = shown["stats_reset"].as_str().unwrap().parse().unwrap();
    assert!((number(&admin, reset).await - reset_at.0).abs() <= 1);
}

/// Every cell of `/io-stats`, NULL where the view has NULL.
async fn io_is_that_of_the_view(quiet: &Quiet) {
    let admin = quiet.admin().await;
    let keyed = "select backend_type || '/' || object || '/' || context from pg_stat_io";
    let names: Vec<String> = admin.query(keyed, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let before = view(&admin, "pg_stat_io").await;
    quiet.registered.looks_again("pg_stat_io").await;
    let shown = quiet.registered.get("/io-stats").await;
    let after = view(&admin, "pg_stat_io").await;
    let shown = shown.as_array().unwrap();
    assert!(shown.len() > 20 && shown.len() == names.len(), "{} rows", shown.len());
    for line in shown {
        let part = |name: &str| line[name].as_str().unwrap().to_owned();
        let name = [part("backend_type"), part("object"), part("context")].join("/");
        let place = names.iter().position(|known| *known == name).unwrap();
        let cell =
            |of: &[BTreeMap<String, Option<f64>>], column: &str| of[place].get(column).copied().flatten();
        for column in ["reads", "writes", "writebacks", "extends", "hits", "evictions", "reuses", "fsyncs"] {
            between(&line[column], cell(&before, column), cell(&after, column), &format!("{name} {column}"));
        }
        for operation in ["read", "write", "extend"] {
            let bytes = |of: &[BTreeMap<String, Option<f64>>]| match cell(of, "op_bytes") {
                Some(block) => cell(of, &format!("{operation}s")).map(|count| count * block),
                None => cell(of, &format!("{operation}_bytes")),
            };
            let what = format!("{name} {operation}_bytes");
            between(&line[&format!("{operation}_bytes")], bytes(&before), bytes(&after), &what);
        }
        for operation in ["read", "write", "writeback", "extend", "fsync"] {
            let column = format!("{operation}_time");
            let what = format!("{name} {column}");
            between(&line[&format!("{column}_ms")], cell(&before, &column), cell(&after, &column), &what);
        }
    }
}

async fn figures_are_exact(major: u16) {
    let quiet = Quiet::of(major, "track_wal_io_timing = on\nbgwriter_lru_maxpages = 0").await;
    let admin = quiet.admin().await;
    let checkpoints = match major {
        ..17 => "select checkpoints_req from pg_stat_bgwriter",
        _ => "select num_requested from pg_stat_checkpointer",
    };
    let written = match major {
        ..17 => "select buffers_checkpoint from pg_stat_bgwriter",
        _ => "select buffers_written from pg_stat_checkpointer",
    };
    let (first_wal, first_io) = (quiet.wal().await, if major < 16 { 0 } else { quiet.io("writes").await });
    let (first_checkpoints, first_written) =
        (number(&admin, checkpoints).await, number(&admin, written).await);
    quiet.work().await;
    quiet.work().await;
    quiet.looks_again().await;
    let wal = quiet.wal().await;
    for name in ["wal_records", "wal_bytes", "wal_fpi"] {
        let grown = wal[name].as_i64().unwrap() - first_wal[name].as_i64().unwrap();
        assert!(grown > 0 || name == "wal_fpi");
        assert_eq!(quiet.sum_of("/wal-stats/timeseries", name).await, grown, "{name} on {major}");
    }
    let shown = eventually(SEEN_WITHIN, async || match quiet.sum_of("/bgwriter", "checkpoints_req").await {
        shown if shown >= 2 => Ok(shown),
        shown => Err(shown),
    })
    .await;
    assert_eq!(shown, number(&admin, checkpoints).await - first_checkpoints, "checkpoints on {major}");
    let shown = quiet.sum_of("/bgwriter", "buffers_checkpoint").await;
    assert_eq!(shown, number(&admin, written).await - first_written, "buffers on {major}");
    assert!(quiet.sum_of("/bgwriter", "buffers_alloc").await > 0);
    let line = quiet.registered.get("/bgwriter").await[0].clone();
    assert_eq!(line["buffers_backend"].is_null(), major >= 17, "{line:#}");
    assert_eq!(line["restartpoints_req"].is_null(), major < 17, "{line:#}");
    assert_eq!(line["slru_written"].is_null(), major < 18, "{line:#}");
    assert!(line["checkpoint_write_time_ms"].is_number() && line["ts"].is_string(), "{line:#}");

    wal_is_that_of_the_view(&quiet).await;
    if major >= 16 {
        assert!(quiet.io("writes").await > first_io);
        io_is_that_of_the_view(&quiet).await;
        let series = quiet.registered.get("/io-stats/timeseries").await;
        let grown = quiet.io("writes").await - first_io;
        assert_eq!(sum(&series, "writes"), grown, "writes on {major}");
        assert!(series[0]["backend_type"].is_string() && series[0]["ts"].is_string(), "{}", series[0]);
    } else {
        io_is_unavailable(&quiet).await;
    }
}

async fn io_is_unavailable(quiet: &Quiet) {
    let path = format!("/databases/{}/io-stats", quiet.registered.id);
    let answer = quiet.registered.client.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let reason = answer.headers()["x-unavailable-reason"].to_str().unwrap().to_owned();
    assert!(reason.contains("16"), "{reason}");
    assert_eq!(answer.text().await.unwrap(), "[]");
    let line = quiet.registered.collector("pg_stat_io").await;
    assert_eq!((&line["state"], &line["failures"]), (&"skipped".into(), &0.into()), "{line:#}");
}

on_every_version!(figures_are_exact);

/// What was seen, and everything that the views count since they began anew.
async fn survives(quiet: &Quiet, breaks: impl AsyncFnOnce(&Quiet)) {
    let checkpoints = async || quiet.sum_of("/bgwriter", "checkpoints_req").await;
    let records = async || quiet.sum_of("/wal-stats/timeseries", "wal_records").await;
    let writes = async || quiet.sum_of("/io-stats/timeseries", "writes").await;
    let has_io = quiet.server.major() >= 16;
    quiet.looks_again().await;
    quiet.work().await;
    quiet.looks_again().await;
    let (seen_checkpoints, seen_records, seen_writes) =
        (checkpoints().await, records().await, writes().await);
    assert!(seen_checkpoints > 0 && seen_records > 0 && (seen_writes > 0 || !has_io));
    breaks(quiet).await;
    quiet.registered.polls_pass(2).await;
    quiet.work().await;
    quiet.looks_again().await;
    assert_eq!(records().await, seen_records + quiet.wal().await["wal_records"].as_i64().unwrap());
    if has_io {
        assert_eq!(writes().await, seen_writes + quiet.io("writes").await);
    }
    let since = match quiet.server.major() {
        ..17 => "select checkpoints_req from pg_stat_bgwriter",
        _ => "select num_requested from pg_stat_checkpointer",
    };
    assert_eq!(checkpoints().await, seen_checkpoints + number(&quiet.admin().await, since).await);
}

#[tokio::test]
async fn a_reset_loses_no_counts_and_adds_none() {
    for major in [MAJORS[0], MAJORS[2], NEWEST] {
        let quiet = Quiet::of(major, "").await;
        survives(&quiet, async |quiet| {
            let admin = quiet.admin().await;
            for (view, since) in [("wal", 14), ("io", 16), ("bgwriter", 14), ("checkpointer", 17)] {
                if major >= since {
                    admin.query(&format!("select pg_stat_reset_shared('{view}')"), &[]).await.unwrap();
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn counting_continues_after_a_killed_backend() {
    for major in [MAJORS[0], NEWEST] {
        let quiet = Quiet::of(major, "").await;
        survives(&quiet, async |quiet| {
            let victim = quiet.database.client().await;
            let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
            quiet.server.kill_backend(pid).unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn unmeasured_fields_are_null_with_the_setting_that_enables_them() {
    let quiet = Quiet::of(NEWEST, "track_io_timing = off").await;
    quiet.work().await;
    quiet.looks_again().await;
    let lines = quiet.registered.get("/io-stats").await;
    assert!(sum(&lines, "writes") > 0);
    for line in lines.as_array().unwrap() {
        assert!(line["write_time_ms"].is_null() && line["read_time_ms"].is_null(), "{line:#}");
    }
    let line = quiet.registered.collector_becomes("pg_stat_io", "ok").await;
    assert!(line["fix"].as_str().unwrap().contains("track_io_timing = on"), "{line:#}");
    let unprivileged = format!("revoke pg_monitor from {}", quiet.database.name);
    quiet.admin().await.batch_execute(&unprivileged).await.unwrap();
    quiet.looks_again().await;
    for name in ["pg_stat_bgwriter", "pg_stat_io", "pg_stat_wal"] {
        assert_eq!(quiet.registered.collector(name).await["state"], "ok", "{name} needs no privilege");
    }
}
