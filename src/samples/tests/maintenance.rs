//! What happens by itself: crashes in between, room given back, dictionaries swept, readers that go away.

use std::time::Duration;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, DictionaryEntry, GapReason, Record, SeriesEntry, Timestamp};
use basira_actors::ports::SampleRepository;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, PaginatorTrait,
};

use super::{
    DAY, EVER, Fixture, HOUR, START, Subject as _, Window, on_each_backend, on_each_backend_keeping, record,
};
use crate::samples::entity::{block, orphan, segment};
use crate::samples::{ManagedSampleStore, Projection, Resolution, Retention, SampleStore};

/// The first end of a day after [`START`].
const MIDNIGHT: i64 = START / DAY * DAY + DAY;

/// A record each ten minutes from [`START`] until `until`, of `series` series with a value each.
fn records(until: i64, series: u64) -> Vec<Record> {
    let mut random = StdRng::seed_from_u64(5);
    let ends = (START + 600_000..=until).step_by(600_000);
    let series: Vec<u64> = (0..series).collect();
    let filled = |at: i64| {
        let mut record = record(&STATEMENTS, at - 600_000, at, &series, 1);
        // values that hardly pack: room is what this is about
        record.columns[1..].iter_mut().flatten().for_each(|cell| *cell = random.random_range(0..1 << 40));
        record
    };
    ends.map(filled).collect()
}

async fn calls(fixture: &Fixture, window: Window) -> i64 {
    let totals = fixture.store.totals(fixture.scope, &STATEMENTS, window, &Projection::ALL).await.unwrap();
    totals.iter().map(|total| total.values[0]).sum()
}

async fn held(fixture: &Fixture) -> Vec<Resolution> {
    let usage = fixture.store.usage().await.unwrap();
    usage.streams.iter().flat_map(|stream| &stream.held).map(|held| held.resolution).collect()
}

const NO_SEGMENT: [&str; 2] = [
    "CREATE TRIGGER refuse BEFORE INSERT ON sample_segment BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON sample_segment FOR EACH ROW EXECUTE FUNCTION refuse()",
];

#[tokio::test]
async fn a_crash_between_blocks_and_segment_leaves_no_blocks() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        fixture.append(records(MIDNIGHT, 30)).await;
        let all = calls(fixture, EVER).await;
        // once while an hour is sealed, once while a day is rolled up
        for now in [START + HOUR, MIDNIGHT + 2 * HOUR] {
            fixture.execute(NO_SEGMENT[0], NO_SEGMENT[1]).await;
            assert!(fixture.store.maintain(Timestamp(now)).await.is_err());
            let orphans = orphan::Entity::find().count(&fixture.reader).await.unwrap();
            assert!(orphans > 0, "blocks were stored before the segment was refused");
            fixture
                .execute("DROP TRIGGER refuse", "DROP TRIGGER refuse ON sample_segment; DROP FUNCTION refuse")
                .await;
            fixture.restart().await;
            assert_eq!(calls(fixture, EVER).await, all);
            fixture.store.maintain(Timestamp(now)).await.unwrap();
            assert_eq!(calls(fixture, EVER).await, all);
        }
        // what the crashes left is cleared once nobody can be writing it any more
        fixture.store.maintain(Timestamp(MIDNIGHT + 4 * HOUR)).await.unwrap();
        assert_eq!(orphan::Entity::find().count(&fixture.reader).await.unwrap(), 0);
        let segments = segment::Entity::find().all(&fixture.reader).await.unwrap();
        let owners: std::collections::BTreeSet<_> = segments.iter().map(|segment| segment.id).collect();
        let blocks = block::Entity::find().all(&fixture.reader).await.unwrap();
        assert!(blocks.iter().all(|block| owners.contains(&block.segment_id)));
        assert_eq!(held(fixture).await, Resolution::ALL);
        assert_eq!(calls(fixture, EVER).await, all);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_block_loses_only_its_own_records() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        // more than one block
        fixture.append(records(START + HOUR, 3_000)).await;
        fixture.store.maintain(Timestamp(START + HOUR)).await.unwrap();
        let all = calls(fixture, EVER).await;
        let blocks = block::Entity::find().all(&fixture.reader).await.unwrap();
        assert!(blocks.len() > 2);
        let mut data = blocks[1].data.clone();
        data[40] ^= 1;
        let damaged =
            block::ActiveModel { data: ActiveValue::Set(data), ..blocks[1].clone().into_active_model() };
        damaged.update(&fixture.writer).await.unwrap();

        let half = Window { since: Timestamp(START + HOUR / 2), until: Timestamp(START + HOUR) };
        let left = calls(fixture, half).await;
        assert!((all / 4..all / 2).contains(&left), "{left} of {all}");
        assert_eq!(calls(fixture, EVER).await, all, "the sums are not damaged");
        // also when the day is rolled up
        fixture.store.maintain(Timestamp(MIDNIGHT + 2 * HOUR)).await.unwrap();
        let left = calls(fixture, EVER).await;
        assert!((all * 3 / 4..all).contains(&left), "{left} of {all}");
        let gaps = fixture.store.gaps(fixture.scope, &STATEMENTS, EVER).await.unwrap();
        assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [GapReason::Damaged]);
    })
    .await;
}

/// Bytes of the file, where there is one.
async fn file_bytes(fixture: &Fixture) -> Option<i64> {
    if fixture.writer.get_database_backend() != DbBackend::Sqlite {
        return None;
    }
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let statement = sea_orm::Statement::from_string(DbBackend::Sqlite, sql);
    Some(fixture.writer.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap())
}

#[tokio::test]
async fn expired_data_is_deleted_and_its_space_freed() {
    let brief = Retention {
        raw: Duration::from_secs(24 * 3600),
        minute: Duration::from_secs(48 * 3600),
        hour: Duration::from_secs(72 * 3600),
        max_bytes: None,
        new_texts_per_hour: None,
    };
    on_each_backend_keeping(brief, async |fixture| {
        let records = records(MIDNIGHT, 1_500);
        for some in records.chunks(4) {
            fixture.append(some.to_vec()).await;
        }
        fixture.store.maintain(Timestamp(MIDNIGHT + 2 * HOUR)).await.unwrap();
        let full = file_bytes(fixture).await;
        let mut seen = vec![held(fixture).await];
        for days in 1..=3 {
            fixture.store.maintain(Timestamp(MIDNIGHT + days * DAY)).await.unwrap();
            seen.push(held(fixture).await);
        }
        use Resolution::{Hour, Minute, Raw};
        assert_eq!(seen, [vec![Raw, Minute, Hour], vec![Minute, Hour], vec![Hour], vec![]]);
        fixture.store.maintain(Timestamp(MIDNIGHT + 3 * DAY + HOUR)).await.unwrap();
        assert_eq!(fixture.blocks().await, 0);
        if let (Some(full), Some(empty)) = (full, file_bytes(fixture).await) {
            assert!(full > 16 << 20, "{full}");
            assert!(empty < full / 2, "{empty} of {full}");
        }
    })
    .await;
}

#[tokio::test]
async fn above_the_size_limit_the_finest_and_oldest_data_is_dropped() {
    const CAP: u64 = 12 << 20;
    on_each_backend_keeping(Retention { max_bytes: Some(CAP), ..Retention::default() }, async |fixture| {
        let records = records(MIDNIGHT + DAY, 1_000);
        let mut coarsest = 0;
        for some in records.chunks(6) {
            fixture.append(some.to_vec()).await;
            let now = some.last().unwrap().at;
            fixture.store.maintain(now).await.unwrap();
            if let Some(bytes) = file_bytes(fixture).await {
                assert!(bytes <= CAP as i64, "{bytes} at {}", now.0 - START);
            }
            let held = held(fixture).await;
            coarsest = coarsest.max(usize::from(!held.is_empty() && !held.contains(&Resolution::Raw)));
        }
        let gaps = fixture.store.gaps(fixture.scope, &STATEMENTS, EVER).await.unwrap();
        assert!(!gaps.is_empty() && gaps.iter().all(|gap| gap.reason == GapReason::Dropped), "{gaps:?}");
        // what was dropped lies before what is left
        let newest = Window { since: Timestamp(MIDNIGHT + DAY - HOUR), until: Timestamp(i64::MAX) };
        assert_eq!(calls(fixture, newest).await, 6 * 1_000);
    })
    .await;
}

#[tokio::test]
async fn texts_are_deleted_with_the_last_samples_that_use_them() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        // everything is as old as the samples say
        let age = |entry: u64| SeriesEntry {
            stream: &STATEMENTS,
            series: entry,
            group: entry + 100,
            labels: serde_json::Map::new(),
        };
        let word = |hash: u64| DictionaryEntry { hash, text: format!("word {hash}").into() };
        let batch = Batch {
            entries: vec![age(1), age(2), age(3)],
            dictionary: [101, 102, 103, 7, 8, 9].map(word).to_vec(),
            ..fixture.batch(vec![
                record(&STATEMENTS, START, START + 1_000, &[1], 1),
                record(&ACTIVITY, START, START + 1_000, &[1], 7),
            ])
        };
        fixture.store.append(batch.into()).await.unwrap();
        let ancient = "UPDATE sample_entry SET seen_ms = 1; UPDATE sample_word SET seen_ms = 1";
        fixture.execute(ancient, ancient).await;
        let left = async |fixture: &Fixture| {
            let words =
                fixture.store.words(fixture.scope.organization, &[101, 102, 103, 7, 8, 9]).await.unwrap();
            let mut hashes: Vec<u64> = words.into_keys().collect();
            hashes.sort_unstable();
            hashes
        };
        // in the tail
        fixture.store.maintain(Timestamp(START + 1_000)).await.unwrap();
        assert_eq!(left(fixture).await, [7, 101], "only what the tail names");
        // rolled up: noted as seen
        fixture.store.maintain(Timestamp(MIDNIGHT + 2 * HOUR)).await.unwrap();
        fixture.restart().await;
        fixture.store.believe_clock(Timestamp(MIDNIGHT + 390 * DAY)).await;
        fixture.store.maintain(Timestamp(MIDNIGHT + 390 * DAY)).await.unwrap();
        assert_eq!(left(fixture).await, [7, 101]);
        assert_eq!(fixture.store.members(fixture.scope, &STATEMENTS, 101).await.unwrap().len(), 1);
        fixture.restart().await;
        fixture.store.believe_clock(Timestamp(MIDNIGHT + 401 * DAY)).await;
        fixture.store.maintain(Timestamp(MIDNIGHT + 401 * DAY)).await.unwrap();
        assert!(left(fixture).await.is_empty());
        assert!(fixture.store.members(fixture.scope, &STATEMENTS, 101).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_dropped_reader_frees_its_connection() {
    on_each_backend(async |fixture| {
        for some in records(START + 6 * HOUR, 500).chunks(6) {
            fixture.append(some.to_vec()).await;
        }
        fixture.seal().await;
        // as many as there are connections, each given up in the middle
        for turn in 0..20 {
            let read = fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL);
            let given_up = tokio::time::timeout(Duration::from_micros(300 * turn), read).await;
            assert!(turn > 0 || given_up.is_err());
        }
        assert_eq!(calls(fixture, EVER).await, 36 * 500);
    })
    .await;
}

#[tokio::test]
async fn a_changed_retention_applies_from_the_next_maintenance() {
    on_each_backend_keeping(Retention::default(), async |fixture| {
        fixture.append(records(MIDNIGHT, 3)).await;
        let now = Timestamp(MIDNIGHT + 3 * HOUR);
        fixture.store.maintain(now).await.unwrap();
        assert_eq!(fixture.store.raw_kept(), Retention::default().raw);
        assert!(held(fixture).await.contains(&Resolution::Raw));
        let raw = Duration::from_secs(3_600);
        fixture.store.retain(Retention { raw, ..Retention::default() });
        assert_eq!(fixture.store.raw_kept(), raw);
        fixture.store.maintain(now).await.unwrap();
        assert_eq!(held(fixture).await, [Resolution::Minute, Resolution::Hour]);
    })
    .await;
}
