//! Waits as sampled, against sessions that are known to wait.

use std::time::Duration;

use basira_actors::model::Timestamp;
use basira_test_support::connect;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::harness::postgres::private;
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

/// Three looks, 10 s apart, and time for a busy machine.
const SAMPLED_WITHIN: Duration = Duration::from_secs(60);
const LOOKS: i64 = 3;

/// Lets a session run `sql` for as long as the test runs.
async fn runs(database: &TestDatabase, sql: &'static str) -> JoinHandle<()> {
    let client = connect(database.superuser_dsn()).await.unwrap();
    tokio::spawn(async move {
        // ended by the end of the test
        let _ = client.batch_execute(sql).await;
    })
}

/// Count and duration of one event over all buckets.
fn sum(waits: &Value, kind: &str, event: &str) -> (i64, i64) {
    let lines = waits.as_array().unwrap().iter();
    let lines = lines.filter(|line| line["wait_event_type"] == kind && line["wait_event"] == event);
    lines.fold((0, 0), |(count, duration), line| {
        let of = |name: &str| line[name].as_i64().unwrap();
        (count + of("count"), duration + of("total_duration_ms"))
    })
}

async fn waits(registered: &Registered, since: Timestamp, bucket: u32) -> Value {
    registered.get(&format!("/waits?since={since}&bucket={bucket}")).await
}

async fn waits_are_counted(major: u16) {
    // of its own: the waits of other tests would count too
    let server = private(major, "").await;
    let database = TestDatabase::create(&server).await;
    let holder = database.client().await;
    holder.batch_execute("begin; select pg_advisory_lock(7)").await.unwrap();
    let mut sessions = vec![
        runs(&database, "select pg_sleep(120)").await,
        runs(&database, "select pg_sleep(120)").await,
        runs(&database, "select pg_advisory_lock(7)").await,
    ];
    let waiting = "select count(*) from pg_stat_activity where wait_event in ('PgSleep', 'advisory')";
    eventually(SAMPLED_WITHIN, async || {
        let count: i64 = holder.query_one(waiting, &[]).await.unwrap().get(0);
        if count == 3 { Ok(()) } else { Err(count) }
    })
    .await;

    let app = TestApp::start().await;
    let since = Timestamp::now() - Duration::from_secs(60);
    let registered = Organization::verified(&app, "waits").await.register(&database).await;
    let busy = "do $$ declare start timestamptz := clock_timestamp(); begin \
                while clock_timestamp() < start + '60 s' loop end loop; end $$";
    sessions.push(runs(&database, busy).await);
    eventually(SAMPLED_WITHIN, async || {
        let shown = waits(&registered, since, 60).await;
        if sum(&shown, "CPU", "CPU").0 >= 1 { Ok(()) } else { Err(shown) }
    })
    .await;
    let relax = "select pg_cancel_backend(pid) from pg_stat_activity where query like 'do $$%'";
    holder.query(relax, &[]).await.unwrap();
    let shown = eventually(SAMPLED_WITHIN, async || {
        let shown = waits(&registered, since, 60).await;
        if sum(&shown, "Lock", "advisory").0 >= LOOKS { Ok(shown) } else { Err(shown) }
    })
    .await;
    let (count, duration_ms) = sum(&shown, "Lock", "advisory");
    assert_eq!(sum(&shown, "Timeout", "PgSleep"), (2 * count, 2 * duration_ms), "{shown:#}");
    // the first look stands for one interval, each other for the time since the one before
    let tolerance_ms = 3_000 * count;
    assert!((duration_ms - 10_000 * count).abs() < tolerance_ms, "{count} looks, {duration_ms} ms");
    let runs = registered.collector("pg_wait_events").await["runs"].as_i64().unwrap();
    assert!(count <= runs, "{count} looks counted, {runs} made");
    for line in shown.as_array().unwrap() {
        assert!(line["wait_event_type"] != "Activity" && line["wait_event"] != "ClientRead", "{line}");
    }
    finer_buckets_add_up(&registered, since).await;
    sessions.iter().for_each(JoinHandle::abort);
}

/// Buckets of five seconds have the same sum as one of an hour, and stand in order.
async fn finer_buckets_add_up(registered: &Registered, since: Timestamp) {
    let until = Timestamp::now();
    let over = async |bucket: u32| {
        registered.get(&format!("/waits?since={since}&until={until}&bucket={bucket}")).await
    };
    let (fine, coarse) = (over(5).await, over(3600).await);
    assert_eq!(sum(&fine, "Lock", "advisory"), sum(&coarse, "Lock", "advisory"));
    assert!(fine.as_array().unwrap().len() > coarse.as_array().unwrap().len());
    let key = |line: &Value| (line["ts"].as_str().unwrap().to_owned(), -line["count"].as_i64().unwrap());
    assert!(fine.as_array().unwrap().is_sorted_by_key(key), "{fine:#}");
}

on_versions!(waits_are_counted: on_14 = 14, on_18 = 18);
