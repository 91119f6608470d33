//! Whole or not at all, once and not twice, whatever fails in between.

use std::sync::Arc;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, DatabaseId, DictionaryEntry, GapReason, NULL, Record, Stream, Timestamp};
use basira_actors::ports::SampleRepository;
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, IntoActiveModel};

use super::{
    EVER, Fixture, HOUR, START, Subject as _, Window, on_each_backend, on_each_backend_keeping, record,
};
use crate::samples::entity::{segment, tail};
use crate::samples::{
    DatabaseScope, ManagedSampleStore, Projection, Retention, SampleStore, SegmentStore, Total,
};
use crate::storage::Writer;

/// One record a minute for two hours, each adding 1 to series 7.
fn two_hours() -> Vec<Record> {
    let minute = |n: i64| record(&STATEMENTS, START + n * 60_000, START + (n + 1) * 60_000, &[7], 1);
    (0..120).map(minute).collect()
}

async fn calls(fixture: &Fixture, window: Window) -> i64 {
    let totals = fixture.store.totals(fixture.scope, &STATEMENTS, window, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

#[tokio::test]
async fn a_batch_appended_twice_counts_once() {
    on_each_backend(async |fixture| {
        for _ in 0..2 {
            fixture.append(two_hours()).await;
            assert_eq!(calls(fixture, EVER).await, 120);
        }
        fixture.seal().await;
        assert_eq!(fixture.rows().await, (0, 2));
        fixture.append(two_hours()).await;
        assert_eq!(calls(fixture, EVER).await, 120);
        // also when the store has just been started
        let again = SegmentStore::new(
            Writer::new(fixture.writer.clone()),
            fixture.reader.clone(),
            Retention::default(),
        );
        again.append(fixture.batch(two_hours()).into()).await.unwrap();
        assert_eq!(fixture.rows().await, (0, 2));
        // a record that comes late is not one that comes twice
        fixture.append(vec![record(&STATEMENTS, START, START + 30_000, &[7], 1)]).await;
        assert_eq!(calls(fixture, EVER).await, 121);
    })
    .await;
}

const NO_SEGMENT: [&str; 2] = [
    "CREATE TRIGGER refuse BEFORE INSERT ON sample_segment BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON sample_segment FOR EACH ROW EXECUTE FUNCTION refuse()",
];

#[tokio::test]
async fn sealing_that_fails_half_way_changes_nothing() {
    on_each_backend(async |fixture| {
        fixture.append(two_hours()).await;
        fixture.execute(NO_SEGMENT[0], NO_SEGMENT[1]).await;
        assert!(fixture.store.seal(Timestamp::now()).await.is_err());
        assert_eq!(fixture.rows().await, (120, 0));
        assert_eq!(calls(fixture, EVER).await, 120);

        fixture.execute("DROP TRIGGER refuse", "DROP TRIGGER refuse ON sample_segment").await;
        let (one, other) = tokio::join!(fixture.seal(), fixture.seal());
        assert_eq!(one + other, 2, "two that seal at once make each segment once");
        assert_eq!(fixture.rows().await, (0, 2));
        assert_eq!(calls(fixture, EVER).await, 120);
    })
    .await;
}

const NO_POISON: [&str; 2] = [
    "CREATE TRIGGER refuse BEFORE INSERT ON sample_word WHEN NEW.text = 'poison' BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON sample_word FOR EACH ROW WHEN (NEW.text = 'poison') EXECUTE FUNCTION refuse()",
];

#[tokio::test]
async fn a_batch_that_fails_is_refused_whole_and_others_are_stored() {
    on_each_backend(async |fixture| {
        fixture.execute(NO_POISON[0], NO_POISON[1]).await;
        let append = |(number, record): (usize, Record)| {
            let text: Arc<str> = if number % 10 == 3 { "poison".into() } else { "fine".into() };
            let words = vec![DictionaryEntry { hash: number as u64, text }];
            fixture.store.append(Batch { dictionary: words, ..fixture.batch(vec![record]) }.into())
        };
        let results = join_all(two_hours().into_iter().enumerate().map(append)).await;
        let refused: Vec<usize> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.is_err())
            .map(|(number, _)| number)
            .collect();
        assert_eq!(refused, (0..12).map(|ten| ten * 10 + 3).collect::<Vec<_>>());
        assert_eq!(calls(fixture, EVER).await, 108);
    })
    .await;
}

#[tokio::test]
async fn a_read_that_fails_while_a_batch_is_stored_loses_no_batch() {
    let mut fixture = Fixture::on_sqlite(Retention::default()).await;
    let other = DatabaseScope { database: DatabaseId::generate(), ..fixture.scope };
    let of = |scope: DatabaseScope, from: i64| {
        let records = vec![record(&STATEMENTS, from, from + 60_000, &[7], 1)];
        Arc::new(Batch { records, ..Batch::new(scope.organization, scope.database) })
    };
    for scope in [fixture.scope, other] {
        fixture.store.append(of(scope, START)).await.unwrap();
    }
    assert_eq!(fixture.store.seal(Timestamp(START + 2 * HOUR)).await.unwrap(), 2);
    fixture.restart().await;
    // nobody can tell any more up to when the second database is sealed
    let damage = format!(
        "UPDATE sample_segment SET last_ms = '?' WHERE database_id = X'{}'",
        other.database.0.simple()
    );
    fixture.execute(&damage, "").await;

    let late = START + HOUR;
    let append = |scope| fixture.store.append(of(scope, late));
    let (one, two) = tokio::join!(append(fixture.scope), append(other));
    one.unwrap();
    two.unwrap_err();
    let ends = tail::Entity::find().all(&fixture.reader).await.unwrap();
    let kept: Vec<_> = ends.iter().map(|row| (row.database_id, row.at_ms)).collect();
    assert_eq!(kept, [(fixture.scope.database.0, late + 60_000)], "acknowledged and stored are the same");

    fixture.execute("UPDATE sample_segment SET last_ms = first_end_ms", "").await;
    append(other).await.unwrap();
    assert_eq!(fixture.rows().await, (2, 2));
}

#[tokio::test]
async fn closing_keeps_acknowledged_batches_and_refuses_later_ones() {
    on_each_backend(async |fixture| {
        let appends = join_all(
            two_hours().into_iter().map(|record| fixture.store.append(fixture.batch(vec![record]).into())),
        );
        let (results, ()) = tokio::join!(appends, fixture.store.close());
        let stored = results.iter().filter(|result| result.is_ok()).count();
        assert!(stored > 0);
        assert_eq!(fixture.rows().await.0, stored as u64, "acknowledged and stored are the same");
        let late = fixture.store.append(fixture.batch(two_hours()).into()).await;
        assert_eq!(late.unwrap_err().to_string(), "the sample store failed: it is shut down");
        fixture.store.close().await;
    })
    .await;
}

async fn damage_tail(fixture: &Fixture, at_ms: i64) {
    let key = (fixture.scope.database.0, STATEMENTS.name.to_owned(), at_ms);
    let row = tail::Entity::find_by_id(key).one(&fixture.reader).await.unwrap().unwrap();
    let mut blob = row.record.clone();
    *blob.last_mut().unwrap() ^= 1;
    let row = tail::ActiveModel { record: ActiveValue::Set(blob), ..row.into_active_model() };
    row.update(&fixture.writer).await.unwrap();
}

async fn damage_segment(fixture: &Fixture) {
    let row = segment::Entity::find().one(&fixture.reader).await.unwrap().unwrap();
    let (mut sums, mut head) = (row.sums.clone(), row.head.clone());
    *sums.last_mut().unwrap() ^= 1;
    *head.last_mut().unwrap() ^= 1;
    let model = row.into_active_model();
    let row = segment::ActiveModel { sums: ActiveValue::Set(sums), head: ActiveValue::Set(head), ..model };
    row.update(&fixture.writer).await.unwrap();
}

/// Waits until what the reads found damaged has been noted.
async fn damaged(fixture: &Fixture) -> Vec<(i64, i64)> {
    let probe = START + 2 * HOUR + 1;
    fixture.append(vec![record(&ACTIVITY, probe, probe + 1, &[], 0)]).await;
    fixture.append(vec![record(&ACTIVITY, probe + 1, probe + 2, &[], 0)]).await;
    let gaps = fixture.store.gaps(fixture.scope, &STATEMENTS, EVER).await.unwrap();
    assert!(gaps.iter().all(|gap| gap.reason == GapReason::Damaged));
    gaps.iter().map(|gap| (gap.from.0 - START, gap.to.0 - START)).collect()
}

#[tokio::test]
async fn damaged_records_are_skipped_and_shown_as_a_gap() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        fixture.append(two_hours()).await;
        damage_tail(fixture, START + 5 * 60_000).await;
        assert_eq!(calls(fixture, EVER).await, 119);
        assert_eq!(damaged(fixture).await, [(240_000, 300_000)]);

        assert_eq!(fixture.seal().await, 2, "a damaged record does not hold up the others");
        assert_eq!(calls(fixture, EVER).await, 119);
        assert_eq!(damaged(fixture).await, [(240_000, 300_000)]);

        damage_segment(fixture).await;
        // what was read before is decoded as it was
        fixture.restart().await;
        let half = Window { since: Timestamp(START + HOUR / 2), until: Timestamp(START + HOUR * 3 / 2) };
        assert_eq!(calls(fixture, half).await, 30, "the other hour's half is still there");
        assert!([59, 60].contains(&calls(fixture, EVER).await));
        assert_eq!(damaged(fixture).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_added_column_is_null_in_older_records() {
    static BEFORE: Stream =
        Stream { name: STATEMENTS.name, columns: STATEMENTS.columns.first_chunk::<5>().unwrap() };
    on_each_backend(async |fixture| {
        fixture.append(vec![record(&BEFORE, START, START + 1_000, &[1, 2], 3)]).await;
        fixture.append(vec![record(&STATEMENTS, START + 1_000, START + 2_000, &[1], 4)]).await;
        fixture.append(vec![record(&STATEMENTS, START + HOUR, START + HOUR + 1, &[], 0)]).await;
        for made in [0, 1] {
            assert_eq!(if made == 0 { 0 } else { fixture.seal().await }, made);
            let mut totals =
                fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
            totals.sort_by_key(|total| total.group);
            let [one, two] = <[Total; 2]>::try_from(totals).unwrap();
            assert_eq!((one.values[4], one.values[5], one.values.last()), (7, 4, Some(&4)));
            assert_eq!((two.values[4], two.values[5], two.values.last()), (3, NULL, Some(&NULL)));
        }
    })
    .await;
}
