//! The local tail while our own storage fails: what is refused is not there, and what has arrived counts once.

use basira_actors::model::Record;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::ports::SampleRepository;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use super::Fixture;
use crate::samples::tests::{EVER, START, record};
use crate::samples::{Projection, SampleStore};
use crate::testing::clickhouse;

/// How many records each test sends.
const RECORDS: i64 = 40;

/// Each adds 1 to series 7.
fn records() -> Vec<Record> {
    let minute = |n: i64| record(&STATEMENTS, START + n * 60_000, START + (n + 1) * 60_000, &[7], 1);
    (0..RECORDS).map(minute).collect()
}

async fn calls(fixture: &Fixture) -> i64 {
    let totals = fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

async fn calls_there(fixture: &Fixture) -> u64 {
    fixture.count("SELECT toUInt64(ifNull(sum(calls), 0)) FROM sample_statements_raw").await
}

async fn execute(fixture: &Fixture, sql: &str) {
    fixture.reader.execute_unprepared(sql).await.unwrap();
}

/// Lets each `DELETE ON`, `INSERT ON` of the tail fail: the statement itself, or only the commit after it.
fn refusals(event: &str) -> [String; 2] {
    [
        format!("CREATE TRIGGER refuse BEFORE {event} sample_tail BEGIN SELECT RAISE(ABORT, 'no'); END"),
        format!(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER refuse BEFORE {event} sample_tail BEGIN INSERT INTO child VALUES (1); END"
        ),
    ]
}

/// Appends each record by itself, all at once; how many were acknowledged.
async fn append_each(fixture: &Fixture) -> i64 {
    let appends =
        records().into_iter().map(|record| fixture.store.append(fixture.batch(vec![record]).into()));
    let acknowledged = join_all(appends).await.iter().filter(|result| result.is_ok()).count();
    i64::try_from(acknowledged).unwrap()
}

async fn recovers(fixture: &Fixture) {
    assert_eq!(append_each(fixture).await, RECORDS, "all are acknowledged once the storage works again");
    assert_eq!(calls(fixture).await, RECORDS);
    fixture.ship().await;
    assert_eq!(fixture.waiting().await, (0, 0));
    assert_eq!((calls(fixture).await, calls_there(fixture).await), (RECORDS, RECORDS.unsigned_abs()));
}

#[tokio::test]
async fn a_record_that_cannot_be_looked_up_is_refused() {
    let fixture = Fixture::open(clickhouse().await).await;
    execute(&fixture, "ALTER TABLE sample_segment RENAME TO hidden").await;
    let acknowledged = append_each(&fixture).await;
    execute(&fixture, "ALTER TABLE hidden RENAME TO sample_segment").await;
    assert_eq!(calls(&fixture).await, acknowledged);
    recovers(&fixture).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_committed_is_refused_and_not_stored() {
    for refusal in refusals("INSERT ON") {
        let fixture = Fixture::open(clickhouse().await).await;
        execute(&fixture, &refusal).await;
        assert_eq!(append_each(&fixture).await, 0, "{refusal}");
        execute(&fixture, "DROP TRIGGER refuse").await;
        assert_eq!(calls(&fixture).await, 0, "{refusal}");
        recovers(&fixture).await;
    }
}

#[tokio::test]
async fn a_batch_whose_arrival_cannot_be_recorded_counts_once() {
    for refusal in refusals("DELETE ON") {
        let mut fixture = Fixture::open(clickhouse().await).await;
        fixture.append(records()).await;
        execute(&fixture, &refusal).await;
        for _ in 0..2 {
            assert!(fixture.store.ship().await.is_err(), "{refusal}");
            assert_eq!(calls_there(&fixture).await, RECORDS.unsigned_abs(), "it has arrived");
            assert_eq!(calls(&fixture).await, RECORDS, "{refusal}");
            fixture.restart().await;
        }
        execute(&fixture, "DROP TRIGGER refuse").await;
        fixture.ship().await;
        recovers(&fixture).await;
    }
}
