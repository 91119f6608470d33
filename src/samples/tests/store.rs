//! Gaps, words, members, and that everything has an owner.

use basira_actors::model::streams::{ACTIVITY, SETTINGS, STATEMENTS};
use basira_actors::model::{
    Batch, DatabaseId, DictionaryEntry, Gap, GapReason, NULL, OrganizationId, Record, SeriesEntry, Timestamp,
};
use basira_actors::ports::SampleRepository;
use serde_json::json;

use super::{DatabaseScope, EVER, Fixture, HOUR, START, Window, on_each_backend, record};
use crate::samples::{MAX_GAPS, Projection, SampleStore};

fn gap(from: i64, to: i64, reason: GapReason) -> Gap {
    Gap { stream: &STATEMENTS, from: Timestamp(from), to: Timestamp(to), reason }
}

fn entry(series: u64, group: u64, user: &str) -> SeriesEntry {
    let labels = json!({ "user_name": user }).as_object().unwrap().clone();
    SeriesEntry { stream: &STATEMENTS, series, group, labels }
}

fn word(hash: u64, text: &str) -> DictionaryEntry {
    DictionaryEntry { hash, text: text.into() }
}

async fn fill(fixture: &Fixture) {
    let batch = Batch {
        gaps: vec![
            gap(START, START + 10, GapReason::Unreachable),
            gap(START + 10, START + 10, GapReason::Restarted),
        ],
        entries: vec![entry(1, u64::MAX, "ana"), entry(2, u64::MAX, "bo"), entry(2, u64::MAX, "cy")],
        dictionary: vec![word(u64::MAX, "SELECT 1"), word(5, "idle"), word(5, "idle")],
        ..fixture.batch(vec![record(&STATEMENTS, START + 10, START + 20, &[1, 2, 3], 1)])
    };
    fixture.store.append(batch.clone().into()).await.unwrap();
    fixture.store.append(batch.into()).await.unwrap();
}

#[tokio::test]
async fn gaps_words_and_members_are_read_once() {
    on_each_backend(async |fixture| {
        fill(fixture).await;
        let store = &fixture.store;
        let at = |since: i64, until: i64| Window {
            since: Timestamp(START + since),
            until: Timestamp(START + until),
        };
        for (window, expected) in [(EVER, 2), (at(9, 10), 1), (at(9, 11), 2), (at(10, 20), 0), (at(-5, 0), 0)]
        {
            let gaps = store.gaps(fixture.scope, &STATEMENTS, window).await.unwrap();
            assert_eq!(gaps.len(), expected, "{window:?}");
        }
        assert!(store.gaps(fixture.scope, &ACTIVITY, EVER).await.unwrap().is_empty());

        let words = store.words(fixture.scope.organization, &[5, 6, u64::MAX]).await.unwrap();
        assert_eq!((words.len(), &*words[&u64::MAX], &*words[&5]), (2, "SELECT 1", "idle"));

        let members = store.members(fixture.scope, &STATEMENTS, u64::MAX).await.unwrap();
        let users: Vec<_> =
            members.iter().map(|member| (member.series, &member.labels["user_name"])).collect();
        assert_eq!(users, [(1, &json!("ana")), (2, &json!("cy"))]);
        for (user, expected) in [("ana", &[1][..]), ("bo", &[]), ("cy", &[2]), ("a'\"$", &[])] {
            let found = store.labelled(fixture.scope, &STATEMENTS, "user_name", user).await.unwrap();
            assert_eq!(found, expected, "{user}");
        }
        let mut groups: Vec<_> =
            store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
        groups.sort_by_key(|total| total.group);
        assert_eq!(
            groups.iter().map(|total| (total.group, total.values[0])).collect::<Vec<_>>(),
            [(3, 1), (u64::MAX, 2)]
        );
    })
    .await;
}

#[tokio::test]
async fn the_newest_gaps_are_read_first() {
    on_each_backend(async |fixture| {
        let most = i64::try_from(MAX_GAPS).unwrap();
        let gaps = (0..most + 20).map(|number| gap(START + number, START + number + 1, GapReason::Evicted));
        let batch = Batch { gaps: gaps.collect(), ..fixture.batch(vec![]) };
        fixture.store.append(batch.into()).await.unwrap();
        let found = fixture.store.gaps(fixture.scope, &STATEMENTS, EVER).await.unwrap();
        let starts: Vec<_> = found.iter().map(|gap| gap.from.as_millis()).collect();
        assert_eq!(starts, (START + 20..START + 20 + most).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn the_newest_is_a_record_or_a_gap_sealed_or_not() {
    on_each_backend(async |fixture| {
        let newest =
            async || fixture.store.last_stored_at(fixture.scope.database, &STATEMENTS).await.unwrap();
        assert_eq!(newest().await, None);
        fixture.append(vec![record(&STATEMENTS, START, START + 1, &[1], 1)]).await;
        fixture.append(vec![record(&STATEMENTS, START + HOUR - 1, START + HOUR, &[1], 1)]).await;
        assert_eq!(newest().await, Some(Timestamp(START + HOUR)));
        assert_eq!(fixture.seal().await, 1);
        assert_eq!(fixture.rows().await.0, 0);
        assert_eq!(newest().await, Some(Timestamp(START + HOUR)));
        let gaps = vec![gap(START + HOUR, START + HOUR + 7, GapReason::Evicted)];
        fixture.store.append(Batch { gaps, ..fixture.batch(vec![]) }.into()).await.unwrap();
        assert_eq!(newest().await, Some(Timestamp(START + HOUR + 7)));
    })
    .await;
}

async fn sees(fixture: &Fixture, scope: DatabaseScope) -> [usize; 5] {
    let store = &fixture.store;
    [
        store.totals(scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap().len(),
        store.points(scope, &STATEMENTS, u64::MAX, EVER, HOUR).await.unwrap().len(),
        store.members(scope, &STATEMENTS, u64::MAX).await.unwrap().len(),
        store.gaps(scope, &STATEMENTS, EVER).await.unwrap().len(),
        store.words(scope.organization, &[5, u64::MAX]).await.unwrap().len(),
    ]
}

#[tokio::test]
async fn reads_and_deletions_are_isolated_by_organization_and_database() {
    on_each_backend(async |fixture| {
        fill(fixture).await;
        let stranger = DatabaseScope { organization: OrganizationId::generate(), ..fixture.scope };
        let neighbour = DatabaseScope { database: DatabaseId::generate(), ..fixture.scope };
        for sealed in [false, true] {
            if sealed {
                fixture.append(vec![record(&STATEMENTS, START + HOUR, START + HOUR + 1, &[], 1)]).await;
                assert_eq!(fixture.seal().await, 1);
            }
            assert_eq!(sees(fixture, stranger).await, [0; 5]);
            assert_eq!(sees(fixture, neighbour).await, [0, 0, 0, 0, 2]);
            fixture.store.forget(stranger).await.unwrap();
            fixture.store.forget(neighbour).await.unwrap();
            assert_eq!(sees(fixture, fixture.scope).await, [2, 1, 2, 2, 2]);
        }
        fixture.store.forget(fixture.scope).await.unwrap();
        assert_eq!(sees(fixture, fixture.scope).await, [0, 0, 0, 0, 2]);
        assert_eq!(fixture.rows().await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_record_that_contradicts_itself_is_refused() {
    on_each_backend(async |fixture| {
        let good = record(&STATEMENTS, START, START + 1, &[1, 2], 1);
        let mut unsorted = good.clone();
        unsorted.series.reverse();
        let mut short = good.clone();
        short.columns[3].pop();
        let mut narrow = good.clone();
        narrow.columns.pop();
        for bad in [unsorted, short, narrow] {
            assert!(fixture.store.append(fixture.batch(vec![good.clone(), bad]).into()).await.is_err());
        }
        assert_eq!(fixture.rows().await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn last_values_are_the_newest_of_each_series() {
    on_each_backend(async |fixture| {
        let row = |series, value: u64| (series, [1, value.cast_signed(), NULL, NULL]);
        let first =
            Record::new(&SETTINGS, Timestamp(START), Timestamp(START + 1), vec![row(1, 5), row(2, 5)]);
        let second = Record::new(&SETTINGS, Timestamp(START + 8), Timestamp(START + 9), vec![row(1, 6)]);
        let words = vec![word(5, "4096"), word(6, "8192")];
        let batch = Batch { dictionary: words, ..fixture.batch(vec![first]) };
        fixture.store.append(batch.into()).await.unwrap();
        fixture.store.append(fixture.batch(vec![second]).into()).await.unwrap();
        let DatabaseScope { organization, database } = fixture.scope;
        let memory = fixture.store.last_values(organization, database, &SETTINGS).await.unwrap();
        let mut values: Vec<_> =
            memory.rows.iter().map(|(series, row)| (*series, memory.text(row[1]))).collect();
        values.sort_unstable();
        assert_eq!(values, [(1, Some("8192")), (2, Some("4096"))]);
        let stranger =
            fixture.store.last_values(OrganizationId::generate(), database, &SETTINGS).await.unwrap();
        assert!(stranger.rows.is_empty());
    })
    .await;
}
