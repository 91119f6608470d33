//! What is dropped, and what is answered then.

use std::time::Duration;

use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Record, Timestamp};

use super::super::{ClickHouseStore, usage_of};
use super::{Fixture, window};
use crate::samples::tests::{EVER, HOUR, record};
use crate::samples::{ManagedSampleStore, Projection, Resolution, Retention, SampleStore, Usage, Window};
use crate::storage::Writer;
use crate::testing::clickhouse;

const DAY: i64 = 24 * HOUR;
/// The start of a day.
const START: i64 = 20_000 * DAY;

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 3_600)
}

/// One record each ten minutes for ten days, each adding 1 to series 7.
fn ten_days() -> Vec<Record> {
    let step = 10 * 60_000;
    (0..1_440).map(|n| record(&STATEMENTS, START + n * step, START + (n + 1) * step, &[7], 1)).collect()
}

async fn calls(fixture: &Fixture, window: Window) -> i64 {
    let totals = fixture.store.totals(fixture.scope, &STATEMENTS, window, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

async fn kept() -> Fixture {
    let fixture = Fixture::open_with(clickhouse().await, |options| {
        options.retention = Retention {
            raw: days(2),
            minute: days(5),
            hour: days(8),
            max_bytes: None,
            new_texts_per_hour: None,
        };
    })
    .await;
    fixture.keep_the_old().await;
    fixture.append(ten_days()).await;
    fixture.store.maintain(Timestamp(START + 10 * DAY)).await.unwrap();
    for (table, ..) in super::super::tables::RemoteTables::tables() {
        fixture.ask(&format!("OPTIMIZE TABLE {table} FINAL")).await;
    }
    fixture
}

fn rows(usage: &Usage) -> Vec<(Resolution, u64)> {
    usage
        .streams
        .iter()
        .flat_map(|stream| stream.held.iter().map(|held| (held.resolution, held.rows)))
        .collect()
}

#[tokio::test]
async fn whole_days_are_dropped_when_their_end_is_past_the_retention() {
    let fixture = kept().await;
    let usage = fixture.store.usage().await.unwrap();
    // the day that ends exactly then stays
    let expected = [(Resolution::Raw, 3 * 144), (Resolution::Minute, 6 * 144), (Resolution::Hour, 9 * 24)];
    assert_eq!(rows(&usage), expected);
    let stream = &usage.streams[0];
    assert_eq!((stream.tail_records, stream.held[0].last), (0, Timestamp(START + 10 * DAY)));
    assert!(usage.disk_bytes > 0 && stream.held.iter().all(|held| held.bytes > 0));
    let beside = usage_of(&fixture.reader, &fixture.options).await.unwrap();
    assert_eq!(rows(&beside), expected);
    let mut elsewhere = fixture.options.clone();
    elsewhere.dsn.database = Some("samples_of_nobody".to_owned());
    let nothing = usage_of(&fixture.reader, &elsewhere).await.unwrap();
    assert_eq!((nothing.disk_bytes, nothing.streams), (0, vec![]));
    // a second time changes nothing
    fixture.store.maintain(Timestamp(START + 10 * DAY)).await.unwrap();
    assert_eq!(rows(&fixture.store.usage().await.unwrap()), expected);
}

#[tokio::test]
async fn edges_are_read_from_the_finest_remaining_resolution() {
    let mut fixture = kept().await;
    let ten = 10 * 60_000;
    for _ in 0..2 {
        assert_eq!(calls(&fixture, EVER).await, 9 * 144);
        // raw: to the record
        assert_eq!(calls(&fixture, window(START + 8 * DAY + ten, START + 10 * DAY + 1)).await, 2 * 144 - 1);
        // minutes: a record of ten minutes is one bucket, and ends with its record
        let edge = START + 5 * DAY + ten;
        assert_eq!(calls(&fixture, window(edge - 1, START + 6 * DAY + 1)).await, 144);
        assert_eq!(calls(&fixture, window(edge, START + 6 * DAY)).await, 143);
        // hours: counted whole where they end
        let edge = START + 2 * DAY + HOUR;
        assert_eq!(calls(&fixture, window(edge - 1, START + 3 * DAY)).await, 144);
        assert_eq!(calls(&fixture, window(edge, START + 3 * DAY)).await, 138);
        assert_eq!(calls(&fixture, window(edge, edge + HOUR - 1)).await, 0);
        assert_eq!(calls(&fixture, window(edge, edge + HOUR)).await, 6);
        // older than anything
        assert_eq!(calls(&fixture, window(START, START + DAY)).await, 0);
        points(&fixture).await;
        fixture.restart().await;
    }
}

async fn points(fixture: &Fixture) {
    let points = async |window, bucket_ms| {
        let store = &fixture.store;
        let points = store.points(fixture.scope, &STATEMENTS, 7, window, bucket_ms).await.unwrap();
        points.into_iter().map(|point| ((point.ts.0 - START) / 60_000, point.values[0])).collect::<Vec<_>>()
    };
    let day = 24 * 60;
    // an hour of which nothing finer is left ends when its last record ends
    assert_eq!(
        points(window(START + 2 * DAY, START + 2 * DAY + HOUR + 1), 10 * 60_000).await,
        [(2 * day + 50, 6)]
    );
    assert_eq!(points(window(START + 2 * DAY, START + 3 * DAY + 1), 24 * HOUR).await, [(2 * day, 144)]);
    // a day that is whole comes from minutes
    let points = points(window(START + 7 * DAY, START + 8 * DAY + 1), HOUR / 2).await;
    assert_eq!((points.len(), points[1], points[47]), (48, (7 * day + 30, 3), (8 * day - 30, 3)));
}

#[tokio::test]
async fn a_record_of_a_dropped_day_is_counted_in_the_buckets() {
    let fixture = kept().await;
    let at = START + 5 * DAY + 90_000;
    fixture.append(vec![record(&STATEMENTS, at - 1, at, &[7], 1)]).await;
    assert_eq!(fixture.waiting().await, (1, 0));
    let day = window(START + 5 * DAY, START + 6 * DAY + 1);
    assert_eq!(calls(&fixture, day).await, 144 + 1);
    // and again, which changes nothing
    fixture.append(vec![record(&STATEMENTS, at - 1, at, &[7], 1)]).await;
    assert_eq!(calls(&fixture, day).await, 144 + 1);
    fixture.store.maintain(Timestamp(START + 10 * DAY)).await.unwrap();
    assert_eq!(calls(&fixture, day).await, 144 + 1);
    assert_eq!(calls(&fixture, window(at - 2, at)).await, 1);
}

#[tokio::test]
async fn above_the_size_limit_the_oldest_of_the_finest_resolution_is_dropped_first() {
    let fixture = kept().await;
    let used = fixture.store.usage().await.unwrap().disk_bytes;
    let mut options = fixture.options.clone();
    options.retention.max_bytes = Some(used - 1);
    let capped = ClickHouseStore::new(Writer::new(fixture.writer.clone()), fixture.reader.clone(), &options);
    capped.maintain(Timestamp(START + 10 * DAY)).await.unwrap();
    let usage = capped.usage().await.unwrap();
    assert!(usage.disk_bytes < used && usage.cap_bytes == Some(used - 1));
    let expected = [(Resolution::Raw, 2 * 144), (Resolution::Minute, 6 * 144), (Resolution::Hour, 9 * 24)];
    assert_eq!(rows(&usage), expected);
    let totals = capped.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
    assert_eq!(totals[0].values[0], 9 * 144, "the sums stay");
}

#[tokio::test]
async fn a_changed_retention_is_applied_to_the_tables() {
    let fixture = kept().await;
    let told = async || {
        let tables = "SELECT count() FROM system.tables WHERE database = currentDatabase()
            AND name = 'sample_statements_raw' AND create_table_query LIKE";
        // days of grace come on top
        (
            fixture.count(&format!("{tables} '%toIntervalDay(10)%'")).await,
            fixture.count(&format!("{tables} '%toIntervalDay(48)%'")).await,
        )
    };
    assert_eq!(told().await, (1, 0));
    let raw = days(40);
    fixture.store.retain(Retention {
        raw,
        minute: raw,
        hour: raw,
        max_bytes: None,
        new_texts_per_hour: None,
    });
    assert_eq!(told().await, (1, 0));
    fixture.store.maintain(Timestamp(START + 10 * DAY)).await.unwrap();
    assert_eq!(told().await, (0, 1));
}
