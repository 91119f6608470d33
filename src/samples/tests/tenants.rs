//! Tenants in one store: whoever takes most gives first, and a clock that leaps takes nothing.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{
    Batch, DatabaseId, DictionaryEntry, GapReason, OrganizationId, SeriesEntry, Timestamp,
};
use basira_actors::ports::SampleRepository;
use sea_orm::{EntityTrait, PaginatorTrait};

use super::{DAY, EVER, Fixture, HOUR, START, on_each_backend_keeping, record};
use crate::samples::entity::{entry, segment, tail, word};
use crate::samples::{DatabaseScope, ManagedSampleStore, Projection, Resolution, Retention, SampleStore};

async fn calls(fixture: &Fixture, scope: DatabaseScope) -> i64 {
    let totals = fixture.store.totals(scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

/// A poll at `at` of a database of `scope` in which `count` statements were new.
fn poll_of_new_statements(scope: DatabaseScope, at: i64, count: u64) -> Arc<Batch> {
    let first = at.cast_unsigned() * 1_000;
    let series: Vec<u64> = (first..first + count).collect();
    let text = |series: &u64| DictionaryEntry { hash: *series, text: format!("{series:01000}").into() };
    let entry = |&series: &u64| SeriesEntry {
        stream: &STATEMENTS,
        series,
        group: series,
        labels: serde_json::Map::from_iter([("user_name".to_owned(), "flood".into())]),
    };
    Arc::new(Batch {
        dictionary: series.iter().map(text).collect(),
        entries: series.iter().map(entry).collect(),
        records: vec![record(&STATEMENTS, at - 1_000, at, &series, 1)],
        ..Batch::new(scope.organization, scope.database)
    })
}

#[tokio::test]
async fn a_tenant_above_its_quota_loses_only_its_own_samples() {
    const CAP: u64 = 6 << 20;
    let retention = Retention { max_bytes: Some(CAP), new_texts_per_hour: None, ..Retention::default() };
    on_each_backend_keeping(retention, async |fixture| {
        let quiet = fixture.scope;
        let flood =
            DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        for minute in 1..=10 {
            let at = START + minute * 60_000;
            let batch = poll_of_new_statements(quiet, at, 20);
            fixture.store.append(batch).await.unwrap();
        }
        let before = calls(fixture, quiet).await;
        for minute in 1..=20 {
            let at = START + minute * 60_000;
            fixture.store.append(poll_of_new_statements(flood, at, 800)).await.unwrap();
            fixture.store.maintain(Timestamp(at)).await.unwrap();
            let used = crate::samples::segments::disk_usage::room_above(&fixture.reader, 0)
                .await
                .unwrap()
                .used_bytes;
            assert!(used <= CAP, "{used} at {minute}");
        }
        assert_eq!(calls(fixture, quiet).await, before);
        let texts: Vec<u64> =
            poll_of_new_statements(quiet, START + 60_000, 20).dictionary.iter().map(|w| w.hash).collect();
        assert_eq!(fixture.store.words(quiet.organization, &texts).await.unwrap().len(), 20);
        assert_eq!(fixture.store.gaps(quiet, &STATEMENTS, EVER).await.unwrap(), []);
        assert_eq!(fixture.store.notice(quiet), None);
        let told = fixture.store.notice(flood).expect("the owner is told");
        assert!(told.contains("the store is full"), "{told}");
        let gaps = fixture.store.gaps(flood, &STATEMENTS, EVER).await.unwrap();
        assert!(gaps.iter().all(|gap| gap.reason == GapReason::Dropped), "{gaps:?}");
    })
    .await;
}

#[tokio::test]
async fn new_texts_above_the_limit_are_not_stored_but_their_samples_are() {
    let retention = Retention { new_texts_per_hour: Some(100), ..Retention::default() };
    on_each_backend_keeping(retention, async |fixture| {
        for second in 1..=5 {
            let at = START + second * 1_000;
            fixture.store.append(poll_of_new_statements(fixture.scope, at, 40)).await.unwrap();
        }
        assert_eq!(word::Entity::find().count(&fixture.reader).await.unwrap(), 100);
        assert_eq!(calls(fixture, fixture.scope).await, 200);
        assert!(fixture.store.notice(fixture.scope).expect("the owner is told").contains("new texts"));
        let elsewhere =
            DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        fixture.store.append(poll_of_new_statements(elsewhere, START + 1_000, 40)).await.unwrap();
        assert_eq!(word::Entity::find().count(&fixture.reader).await.unwrap(), 140, "each has its own");
        // what is stored already may be told again and again
        fixture.store.append(poll_of_new_statements(fixture.scope, START + 1_000, 40)).await.unwrap();
        assert_eq!(fixture.store.notice(elsewhere), None);
    })
    .await;
}

/// Refuses texts; for SQLite and PostgreSQL.
const NO_TEXTS: [&str; 2] = [
    "CREATE TRIGGER refuse BEFORE INSERT ON sample_word BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON sample_word FOR EACH ROW EXECUTE FUNCTION refuse()",
];

#[tokio::test]
async fn a_batch_that_is_appended_again_counts_its_new_texts_once() {
    let retention = Retention { new_texts_per_hour: Some(100), ..Retention::default() };
    on_each_backend_keeping(retention, async |fixture| {
        let batch = poll_of_new_statements(fixture.scope, START + 60_000, 40);
        fixture.execute(NO_TEXTS[0], NO_TEXTS[1]).await;
        for _ in 0..3 {
            fixture.store.append(Arc::clone(&batch)).await.unwrap_err();
        }
        fixture.execute("DROP TRIGGER refuse", "DROP TRIGGER refuse ON sample_word").await;
        fixture.store.append(batch).await.unwrap();
        assert_eq!(word::Entity::find().count(&fixture.reader).await.unwrap(), 40);
        assert_eq!(fixture.store.notice(fixture.scope), None);
    })
    .await;
}

#[tokio::test]
async fn a_clock_jump_drops_nothing() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        fixture.store.append(poll_of_new_statements(fixture.scope, START + 60_000, 20)).await.unwrap();
        let now = START + 2 * HOUR;
        fixture.store.maintain(Timestamp(now)).await.unwrap();
        let before = calls(fixture, fixture.scope).await;
        let rows = async |fixture: &Fixture| {
            (
                tail::Entity::find().count(&fixture.reader).await.unwrap(),
                segment::Entity::find().count(&fixture.reader).await.unwrap(),
                entry::Entity::find().count(&fixture.reader).await.unwrap(),
                word::Entity::find().count(&fixture.reader).await.unwrap(),
            )
        };
        let held = rows(fixture).await;
        // while it runs, and when it starts
        for restarts in [false, true] {
            if restarts {
                use super::Subject as _;
                fixture.restart().await;
            }
            fixture.store.maintain(Timestamp(now + 500 * DAY)).await.unwrap();
            assert_eq!(rows(fixture).await, held);
            assert_eq!(calls(fixture, fixture.scope).await, before);
        }
        // one that lasts is right
        fixture.store.believe_clock(Timestamp(now + 500 * DAY)).await;
        fixture.store.maintain(Timestamp(now + 500 * DAY)).await.unwrap();
        let left = rows(fixture).await;
        assert_eq!((left.0, left.1), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn one_run_drops_a_limited_number_of_segments() {
    let short = Duration::from_secs(3_600);
    on_each_backend_keeping(Retention::default(), async |fixture| {
        fixture.store.append(poll_of_new_statements(fixture.scope, START + 60_000, 1)).await.unwrap();
        fixture.store.believe_clock(Timestamp(START + DAY + 3 * HOUR)).await;
        fixture.store.maintain(Timestamp(START + DAY + 3 * HOUR)).await.unwrap();
        let raw = segment::Entity::find().all(&fixture.reader).await.unwrap();
        let raw = raw.into_iter().find(|segment| segment.resolution == 0).expect("a raw segment");
        for _ in 0..1_500 {
            let id = uuid::Uuid::now_v7();
            let copy = segment::Model { id, rollup_id: Some(id), ..raw.clone() };
            segment::Entity::insert(sea_orm::IntoActiveModel::into_active_model(copy))
                .exec_without_returning(&fixture.writer)
                .await
                .unwrap();
        }
        fixture.store.retain(Retention { raw: short, ..Retention::default() });
        let left = async |fixture: &Fixture| {
            let all = segment::Entity::find().all(&fixture.reader).await.unwrap();
            all.iter().filter(|segment| i64::from(segment.resolution) == Resolution::Raw.millis()).count()
        };
        for expected in [1_501 - 1_024, 0] {
            fixture.store.maintain(Timestamp(START + DAY + 3 * HOUR)).await.unwrap();
            assert_eq!(left(fixture).await, expected);
        }
    })
    .await;
}
