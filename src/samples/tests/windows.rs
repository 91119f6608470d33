//! Any window over any mixture of segments and tail gives exactly what the plain sum gives.

use std::collections::BTreeMap;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, ColumnKind, NULL, SeriesEntry, Stream, Timestamp};
use basira_actors::ports::SampleRepository;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::model::{Model, records};
use super::{EVER, HOUR, START, Subject, Window, on_each_backend};
use crate::samples::{Point, Projection, Total};

fn window(random: &mut StdRng, model: &Model) -> Window {
    let edges = model.edges();
    let mut edge = || match random.random_range(0..4) {
        0 => START + random.random_range(-1..5) * HOUR,
        1 => random.random_range(START - HOUR..START + 5 * HOUR),
        _ => {
            // on an edge of a record, or a millisecond beside it
            let edge = edges.choose(random).copied().unwrap_or(START);
            edge + random.random_range(-1..=1)
        }
    };
    let (one, other) = (edge(), edge());
    Window { since: Timestamp(one.min(other)), until: Timestamp(one.max(other)) }
}

pub(super) async fn agree(
    random: &mut StdRng,
    subjects: &[&dyn Subject],
    model: &Model,
    stream: &'static Stream,
    series: &[u64],
) {
    for turn in 0..if subjects.len() > 1 { 8 } else { 15 } {
        let window = if turn == 0 { EVER } else { window(random, model) };
        let one = *series.choose(random).unwrap();
        let group = model.groups.get(&one).copied().unwrap_or(one);
        let bucket_ms = *[7_000, 60_000, 300_000, HOUR, 24 * HOUR].choose(random).unwrap();
        let expected_totals = model.totals(stream, window);
        let expected_points = model.points(stream, group, window, bucket_ms);
        for (number, subject) in subjects.iter().enumerate() {
            let judged = |mut values: Vec<i64>| {
                if !subject.has_exact_readings() {
                    keep_sums(stream, &mut values);
                }
                values
            };
            let total = |total: Total| Total { values: judged(total.values), ..total };
            let point = |point: Point| Point { values: judged(point.values), ..point };
            let (store, scope) = (subject.store(), subject.scope());
            let mut totals = store.totals(scope, stream, window, &Projection::ALL).await.unwrap();
            totals.sort_by_key(|total| total.group);
            let totals: Vec<Total> = totals.into_iter().map(total).collect();
            let expected: Vec<Total> = expected_totals.iter().cloned().map(total).collect();
            assert_eq!(totals, expected, "store {number}: {window:?}");
            let points = store.points(scope, stream, group, window, bucket_ms).await.unwrap();
            let points: Vec<Point> = points.into_iter().map(point).collect();
            let expected: Vec<Point> = expected_points.iter().cloned().map(point).collect();
            assert_eq!(points, expected, "store {number}: {window:?} by {bucket_ms}");
            let all = store.timelines(scope, stream, window, bucket_ms, &Projection::ALL).await.unwrap();
            let groups: Vec<u64> = all.iter().map(|timeline| timeline.group).collect();
            assert_eq!(groups, expected_totals.iter().map(|total| total.group).collect::<Vec<_>>());
            let of_one = all.into_iter().find(|timeline| timeline.group == group);
            let of_one = of_one.map(|timeline| timeline.points).unwrap_or_default();
            assert_eq!(of_one.into_iter().map(point).collect::<Vec<_>>(), expected);
        }
    }
    for subject in subjects {
        assert_windows_partition(random, *subject, model, stream).await;
    }
}

/// Windows side by side have every record once, wherever the span is cut.
async fn assert_windows_partition(
    random: &mut StdRng,
    subject: &dyn Subject,
    model: &Model,
    stream: &'static Stream,
) {
    let mut cuts: Vec<Timestamp> = (0..3).map(|_| window(random, model).until).collect();
    cuts.sort_unstable();
    let starts = std::iter::once(EVER.since).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([EVER.until]);
    let mut parts = SumsByGroup::new();
    for (since, until) in starts.zip(ends) {
        add_sums(subject, stream, Window { since, until }, &mut parts).await;
    }
    let mut whole = SumsByGroup::new();
    add_sums(subject, stream, EVER, &mut whole).await;
    assert_eq!(parts, whole, "cut at {cuts:?}");
}

type SumsByGroup = BTreeMap<u64, Vec<i64>>;

async fn add_sums(subject: &dyn Subject, stream: &'static Stream, window: Window, sums: &mut SumsByGroup) {
    let totals = subject.store().totals(subject.scope(), stream, window, &Projection::ALL).await.unwrap();
    for mut total in totals {
        keep_sums(stream, &mut total.values);
        let sums = sums.entry(total.group).or_insert_with(|| vec![0; stream.columns.len()]);
        let known = sums.iter_mut().zip(total.values).filter(|(_, value)| *value != NULL);
        known.for_each(|(sum, value)| *sum += value);
    }
}

fn keep_sums(stream: &Stream, values: &mut [i64]) {
    let readings = stream.columns.iter().zip(values).filter(|(column, _)| column.kind != ColumnKind::Sum);
    readings.for_each(|(_, value)| *value = NULL);
}

#[tokio::test]
async fn totals_and_points_are_exact_before_and_after_sealing() {
    on_each_backend(async |fixture| {
        for (seed, stream) in [(1, &STATEMENTS), (2, &ACTIVITY)] {
            let mut random = StdRng::seed_from_u64(seed);
            // more than a block of series, of both signs when stored
            let series: Vec<u64> = (0..300).map(|_| random.random()).collect();
            let mut model = Model::default();
            let mut batch = Batch::new(fixture.scope.organization, fixture.scope.database);
            for &series in &series[..250] {
                let group = series % 20;
                model.groups.insert(series, group);
                batch.entries.push(SeriesEntry { stream, series, group, labels: serde_json::Map::new() });
            }
            fixture.store.append(batch.into()).await.unwrap();
            model.records = records(&mut random, stream, &series, 150, 4);
            for records in model.records.chunks(3) {
                fixture.append(records.to_vec()).await;
            }

            agree(&mut random, &[fixture], &model, stream, &series).await;
            let before = fixture.rows().await;
            let made = fixture.seal().await;
            assert!((3..=4).contains(&made), "{made} segments");
            assert!(fixture.rows().await.0 < before.0);
            agree(&mut random, &[fixture], &model, stream, &series).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_busy_hour_is_sealed_before_it_ends() {
    on_each_backend(async |fixture| {
        let mut random = StdRng::seed_from_u64(3);
        let series = [1, 2, u64::MAX];
        let mut model = Model::default();
        model.records = records(&mut random, &ACTIVITY, &series, 800, 1);
        fixture.append(model.records.clone()).await;
        assert!(fixture.seal().await >= 1);
        assert!(fixture.rows().await.0 < 100);
        agree(&mut random, &[fixture], &model, &ACTIVITY, &series).await;
    })
    .await;
}
