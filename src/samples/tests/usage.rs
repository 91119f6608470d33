//! What the store says of itself is what its tables hold.

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{DatabaseId, DictionaryEntry, SeriesEntry, Stream, Timestamp};
use basira_actors::ports::SampleRepository;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{HOUR, START, on_each_backend, record};
use crate::samples::entity::{block, segment, tail};
use crate::samples::{ManagedSampleStore, Resolution, Retention, Usage};

#[tokio::test]
async fn an_empty_store_has_no_rows_but_uses_disk_space() {
    on_each_backend(async |fixture| {
        let usage = fixture.store.usage().await.unwrap();
        assert!(usage.disk_bytes > 0);
        let cap_bytes = Retention::default().max_bytes;
        assert_eq!(usage, Usage { disk_bytes: usage.disk_bytes, cap_bytes, ..Usage::default() });
    })
    .await;
}

#[tokio::test]
async fn sealed_and_unsealed_records_are_counted_separately() {
    on_each_backend(async |fixture| {
        let poll = |stream: &'static Stream, nth: i64| {
            let at = START + nth * 60_000;
            record(stream, at, at + 60_000, &[1, 2, 3], nth)
        };
        // two hours are over, the third has begun
        for nth in 0..130 {
            fixture.append(vec![poll(&STATEMENTS, nth)]).await;
        }
        fixture.append(vec![poll(&ACTIVITY, 120)]).await;
        let mut named = fixture.batch(Vec::new());
        named.database = DatabaseId::generate();
        let labels = serde_json::Map::new();
        named.entries = vec![SeriesEntry { stream: &STATEMENTS, series: 1, group: 1, labels }];
        named.dictionary = vec![
            DictionaryEntry { hash: 1, text: "select".into() },
            DictionaryEntry { hash: 2, text: "update".into() },
        ];
        fixture.store.append(named.into()).await.unwrap();
        assert_eq!(fixture.seal().await, 2);

        let usage = fixture.store.usage().await.unwrap();
        assert_eq!((usage.entries, usage.words, usage.streams.len()), (1, 2, 2));
        let [activity, statements] = usage.streams.as_slice() else { panic!("{usage:#?}") };
        let scope = (statements.organization, statements.database);
        assert_eq!(scope, (fixture.scope.organization, fixture.scope.database));

        assert_eq!(
            (activity.stream.as_str(), activity.tail_records, activity.held.len()),
            ("activity", 1, 0)
        );
        assert_eq!(activity.tail_since, Some(Timestamp(START + 2 * HOUR + 60_000)));

        assert_eq!((statements.stream.as_str(), statements.tail_records), ("statements", 10));
        assert_eq!(statements.tail_since, Some(Timestamp(START + 2 * HOUR + 60_000)));
        let of_statements = tail::Column::Stream.eq(STATEMENTS.name);
        let tail = tail::Entity::find().filter(of_statements).all(&fixture.reader).await.unwrap();
        let tail_bytes: usize = tail.iter().map(|row| row.record.len()).sum();
        assert_eq!(statements.tail_bytes, tail_bytes as u64);

        let [held] = statements.held.as_slice() else { panic!("{statements:#?}") };
        assert_eq!((held.resolution, held.segments, held.rows), (Resolution::Raw, 2, 360));
        assert_eq!((held.first, held.last), (Timestamp(START), Timestamp(START + 2 * HOUR)));
        assert_eq!(held.plain_bytes, 360 * (STATEMENTS.columns.len() as u64 + 2) * 8);
        let sealed = segment::Entity::find().all(&fixture.reader).await.unwrap();
        let blocks = block::Entity::find().all(&fixture.reader).await.unwrap();
        let blocks: usize = blocks.iter().map(|block| block.data.len()).sum();
        let bytes = sealed.iter().map(|row| row.sums.len() + row.head.len()).sum::<usize>() + blocks;
        assert_eq!(held.bytes, bytes as u64);
        assert_eq!(statements.rollup_since, Some(Timestamp(START + HOUR)));
        assert!(usage.disk_bytes > held.bytes + statements.tail_bytes);
    })
    .await;
}
