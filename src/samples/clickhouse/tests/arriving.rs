//! Every record arrives, and counts, once: whatever fails in between.

use std::time::Duration;

use basira_actors::model::streams::{ALL, STATEMENTS};
use basira_actors::model::{Batch, DatabaseId, GapReason, NULL, OrganizationId, Record, Stream, Timestamp};
use basira_actors::ports::SampleRepository;
use sea_orm::{ConnectionTrait, Database};

use super::super::server::Server;
use super::super::{schema, shipments};
use super::{Fixture, impatient};
use crate::samples::tests::{EVER, HOUR, START, record};
use crate::samples::{DatabaseScope, ManagedSampleStore, Projection, SampleStore};
use crate::testing::{clickhouse, own_clickhouse, postgres_url};

/// One record a minute for two hours, each adding 1 to series 7.
fn two_hours() -> Vec<Record> {
    let minute = |n: i64| record(&STATEMENTS, START + n * 60_000, START + (n + 1) * 60_000, &[7], 1);
    (0..120).map(minute).collect()
}

async fn calls(fixture: &Fixture) -> i64 {
    let totals = fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

/// The same from each table alone.
async fn calls_there(fixture: &Fixture) -> [u64; 3] {
    let mut calls = [0; 3];
    for (calls, name) in calls.iter_mut().zip(["raw", "minute", "hour"]) {
        let sql = format!("SELECT toUInt64(ifNull(sum(calls), 0)) FROM sample_statements_{name}");
        *calls = fixture.count(&sql).await;
    }
    calls
}

async fn counts_once(mut fixture: Fixture) {
    for _ in 0..3 {
        fixture.append(two_hours()).await;
        assert_eq!(calls(&fixture).await, 120);
        fixture.ship().await;
        assert_eq!(fixture.waiting().await, (0, 0));
        assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (120, [120; 3]));
        fixture.restart().await;
    }
    // a record that comes late is not one that comes twice
    fixture.append(vec![record(&STATEMENTS, START, START + 30_000, &[7], 1)]).await;
    let usage = fixture.store.usage().await.unwrap();
    assert_eq!((usage.streams.len(), usage.streams[0].tail_records), (1, 1));
    assert!(usage.streams[0].tail_bytes > 0 && usage.streams[0].held[0].rows == 120);
    fixture.ship().await;
    assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (121, [121; 3]));
    let newest = async || fixture.store.last_stored_at(fixture.scope.database, &STATEMENTS).await.unwrap();
    assert_eq!(newest().await, Some(Timestamp(START + 2 * HOUR)));
    fixture.store.forget(fixture.scope).await.unwrap();
    assert_eq!((newest().await, calls(&fixture).await), (None, 0));
}

#[tokio::test]
async fn a_batch_appended_twice_counts_once() {
    counts_once(Fixture::open(clickhouse().await).await).await;
}

#[tokio::test]
async fn a_batch_appended_twice_counts_once_with_a_tail_on_postgresql() {
    let storage = postgres_url().await;
    let admin = Database::connect(&storage).await.unwrap();
    let name = format!("samples_{}", uuid::Uuid::now_v7().simple());
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut url = url::Url::parse(&storage).unwrap();
    url.set_path(&name);
    counts_once(Fixture::open_on(url.as_str(), clickhouse().await, |_| {}).await).await;
}

#[tokio::test]
async fn waiting_records_are_shipped_in_the_background() {
    let fixture = Fixture::open(clickhouse().await).await;
    fixture.append(two_hours()).await;
    while fixture.waiting().await != (0, 0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(calls_there(&fixture).await, [120; 3]);
}

#[tokio::test]
async fn a_damaged_record_is_skipped_and_shown_as_a_gap() {
    let fixture = Fixture::open(clickhouse().await).await;
    fixture.append(two_hours()).await;
    let at = START + 5 * 60_000;
    let damage = format!("UPDATE sample_tail SET record = x'0102' WHERE at_ms = {at}");
    fixture.writer.execute_unprepared(&damage).await.unwrap();
    assert_eq!(calls(&fixture).await, 119);
    fixture.ship().await;
    assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (119, [119; 3]));
    let gaps = fixture.store.gaps(fixture.scope, &STATEMENTS, EVER).await.unwrap();
    let gaps: Vec<_> = gaps.iter().map(|gap| (gap.to.0, gap.reason)).collect();
    assert_eq!(gaps, [(at, GapReason::Damaged)]);
}

#[tokio::test]
async fn an_insert_without_a_response_is_repeated_and_counted_once() {
    let mut fixture = Fixture::open(clickhouse().await).await;
    // as after a crash of ours, each time a little later
    for arrived in ["", "raw", "raw minute", "raw minute hour"] {
        // nothing is shipped meanwhile
        let shipper = fixture.store.engine.shipper.lock().await;
        fixture.append(two_hours()).await;
        let (waiting, _) = shipper.shipments.waiting().await.unwrap();
        let shipments = shipper.shipments.assign(&waiting).await.unwrap();
        for shipment in &shipments {
            for name in arrived.split_whitespace() {
                shipper.insert_into(shipment, name).await;
            }
        }
        assert_eq!(fixture.waiting().await.1, 120);
        drop(shipper);
        fixture.restart().await;
        fixture.ship().await;
        assert_eq!(fixture.waiting().await, (0, 0));
        assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (120, [120; 3]), "{arrived}");
        fixture.store.forget(fixture.scope).await.unwrap();
        assert_eq!(calls_there(&fixture).await, [0; 3]);
    }
}

#[tokio::test]
async fn rows_the_server_lost_after_the_insert_are_inserted_again() {
    let fixture = Fixture::open(clickhouse().await).await;
    let shipper = fixture.store.engine.shipper.lock().await;
    fixture.append(two_hours()).await;
    let (waiting, _) = shipper.shipments.waiting().await.unwrap();
    for shipment in shipper.shipments.assign(&waiting).await.unwrap() {
        shipper.insert_into(&shipment, "raw").await;
    }
    drop(shipper);
    // the token stays, as it does when the disk is full or the server is killed at the wrong moment
    fixture.ask("ALTER TABLE sample_statements_raw DELETE WHERE true SETTINGS mutations_sync = 1").await;
    assert_eq!(calls_there(&fixture).await, [0; 3]);
    fixture.ship().await;
    assert_eq!(calls_there(&fixture).await, [120; 3]);
}

#[tokio::test]
async fn a_repeatedly_killed_server_loses_no_records() {
    let mut server = own_clickhouse().await;
    let fixture = Fixture::open_with(&server, impatient).await;
    for round in 1..=4 {
        let later = |record: Record| Record {
            from: Timestamp(record.from.0 + round * 2 * HOUR),
            at: Timestamp(record.at.0 + round * 2 * HOUR),
            ..record
        };
        fixture.append(two_hours().into_iter().map(later).collect()).await;
        let kill = async {
            // somewhere within the three inserts
            tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 7)).await;
            server.kill_hard().await.unwrap();
        };
        let (shipped, ()) = tokio::join!(fixture.store.ship(), kill);
        assert!(fixture.store.ship().await.is_err() || shipped.is_ok());
        // nobody who appends notices
        fixture.append(vec![record(&STATEMENTS, START + round - 1, START + round, &[7], 1)]).await;
        server.start_again().await.unwrap();
        fixture.ship().await;
        let expected = round * 121;
        assert_eq!(calls(&fixture).await, expected);
        assert_eq!(calls_there(&fixture).await, [u64::try_from(expected).unwrap(); 3]);
    }
}

#[tokio::test]
async fn an_unresponsive_server_delays_no_append_and_counts_once_when_it_resumes() {
    let server = own_clickhouse().await;
    let fixture = Fixture::open_with(&server, impatient).await;
    fixture.append(two_hours()).await;
    server.suspend().unwrap();
    assert!(fixture.store.ship().await.is_err());
    assert!(fixture.store.ship().await.is_err());
    let waiting = fixture.waiting().await;
    assert_eq!(waiting, (120, 120), "all of them may have arrived");
    fixture.append(vec![record(&STATEMENTS, START, START + 1, &[7], 1)]).await;
    let newest = fixture.store.last_stored_at(fixture.scope.database, &STATEMENTS).await.unwrap();
    assert_eq!(newest, Some(Timestamp(START + 2 * HOUR)));
    server.resume().unwrap();
    fixture.ship().await;
    assert_eq!(fixture.waiting().await, (0, 0));
    assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (121, [121; 3]));
}

#[tokio::test]
async fn a_store_starts_while_its_server_is_unreachable() {
    let mut server = own_clickhouse().await;
    let mut fixture = Fixture::open_with(&server, impatient).await;
    server.kill_hard().await.unwrap();
    fixture.restart().await;
    fixture.append(two_hours()).await;
    assert!(fixture.store.ship().await.is_err());
    let error = fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap_err();
    assert!(!error.to_string().contains("clickhouse-of-a-test"), "{error}");
    server.start_again().await.unwrap();
    assert_eq!(calls(&fixture).await, 120);
}

#[tokio::test]
async fn an_added_column_is_null_in_older_records() {
    static BEFORE: Stream =
        Stream { name: STATEMENTS.name, columns: STATEMENTS.columns.first_chunk::<5>().unwrap() };
    let mut fixture = Fixture::open(clickhouse().await).await;
    for (table, ..) in super::super::tables::RemoteTables::tables() {
        fixture.ask(&format!("DROP TABLE {table} SYNC")).await;
    }
    let server = Server::new(&fixture.options.dsn, fixture.options.query_timeout);
    schema::create(&server, &[&BEFORE], &fixture.options.retention).await.unwrap();
    let ids = format!("toUUID('{}'), toUUID('{}')", fixture.scope.organization, fixture.scope.database);
    let (from, at) = (START, START + 1_000);
    let (day, bucket) = (START / (24 * HOUR), START);
    for (head, series) in [(true, at), (false, 1), (false, 2)] {
        let cells = if head { "NULL, NULL, NULL, NULL, NULL" } else { "3, 3, 3, 3, 3" };
        let key = format!("{ids}, {day}, {head}, {series}");
        fixture
            .ask(&format!("INSERT INTO sample_statements_raw VALUES ({key}, {from}, {at}, {cells})"))
            .await;
        for name in ["minute", "hour"] {
            let row = format!("({key}, {bucket}, {from}, {at}, {cells})");
            fixture.ask(&format!("INSERT INTO sample_statements_{name} VALUES {row}")).await;
        }
    }
    fixture.restart().await;
    fixture.append(vec![record(&BEFORE, START + 1_000, START + 1_500, &[2], 5)]).await;
    fixture.append(vec![record(&STATEMENTS, START + 1_500, START + 2_000, &[1], 4)]).await;
    for _ in 0..2 {
        for bound in [EVER, super::window(START - 1, START + HOUR)] {
            let mut totals =
                fixture.store.totals(fixture.scope, &STATEMENTS, bound, &Projection::ALL).await.unwrap();
            totals.sort_by_key(|total| total.group);
            let [one, two] = <[_; 2]>::try_from(totals).unwrap();
            assert_eq!((one.values[4], one.values[5], one.values.last()), (7, 4, Some(&4)));
            assert_eq!((two.values[4], two.values[5], two.values.last()), (8, NULL, Some(&NULL)));
        }
        fixture.ship().await;
    }
}

#[tokio::test]
async fn reads_and_deletions_are_isolated_by_organization_and_database() {
    let fixture = Fixture::open(clickhouse().await).await;
    let stranger = DatabaseScope { organization: OrganizationId::generate(), ..fixture.scope };
    let neighbour = DatabaseScope { database: DatabaseId::generate(), ..fixture.scope };
    fixture.append(two_hours()).await;
    for _ in 0..2 {
        for scope in [stranger, neighbour] {
            let store = &fixture.store;
            assert!(store.totals(scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap().is_empty());
            assert!(store.points(scope, &STATEMENTS, 7, EVER, HOUR).await.unwrap().is_empty());
            store.forget(scope).await.unwrap();
        }
        assert_eq!(calls(&fixture).await, 120);
        // still known as arrived
        fixture.append(two_hours()).await;
        fixture.ship().await;
        assert_eq!(calls_there(&fixture).await, [120; 3]);
    }
    let other = Batch { records: two_hours(), ..Batch::new(neighbour.organization, neighbour.database) };
    fixture.store.append(other.into()).await.unwrap();
    fixture.ship().await;
    fixture.store.forget(fixture.scope).await.unwrap();
    assert_eq!((calls(&fixture).await, calls_there(&fixture).await), (0, [120; 3]));
    assert_eq!(fixture.store.last_stored_at(fixture.scope.database, &STATEMENTS).await.unwrap(), None);
    let usage = fixture.store.usage().await.unwrap();
    assert!(usage.streams.iter().all(|stream| stream.database == neighbour.database));
}

#[tokio::test]
async fn every_stream_has_its_tables() {
    let fixture = Fixture::open(clickhouse().await).await;
    let tables = "SELECT count() FROM system.tables WHERE database = currentDatabase()";
    assert_eq!(fixture.count(tables).await, 3 * ALL.len() as u64 + 1);
}

impl super::super::shipper::Shipper {
    /// One of the inserts of a shipment, as if Basira ended right after it.
    async fn insert_into(&self, shipment: &shipments::Shipment, name: &str) {
        let resolution = *crate::samples::Resolution::ALL.iter().find(|it| it.as_str() == name).unwrap();
        let stored = self.shipments.records(shipment).await.unwrap();
        let (records, _) = super::super::shipper::decode(shipment.stream, &stored);
        self.insert(shipment, resolution, &records, None).await.unwrap();
    }
}
