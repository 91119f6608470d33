//! Any window, wherever its records are, gives exactly what the plain sum gives.

use std::time::Duration;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, NULL, SeriesEntry, Stream};
use basira_actors::ports::SampleRepository;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use super::{ClickHouseOptions, Fixture, window};
use crate::samples::tests::model::{Model, records};
use crate::samples::tests::{EVER, HOUR, START, record};
use crate::samples::{Projection, SampleStore, Total, Window};
use crate::testing::clickhouse;

/// Within five days around the records, often on an edge of one, or of a day.
fn random_window(random: &mut StdRng, model: &Model) -> Window {
    let mut edge = || match random.random_range(0..4) {
        0 => START.div_euclid(24 * HOUR) * 24 * HOUR + random.random_range(-1..5) * 24 * HOUR,
        1 => random.random_range(START - HOUR..START + 80 * HOUR),
        _ => {
            let record = model.records.choose(random).unwrap();
            let edge = if random.random_bool(0.5) { record.from } else { record.at };
            edge.0 + random.random_range(-1..=1)
        }
    };
    let (one, other) = (edge(), edge());
    window(one.min(other), one.max(other))
}

async fn agree(
    random: &mut StdRng,
    fixture: &Fixture,
    model: &Model,
    stream: &'static Stream,
    series: &[u64],
) {
    for turn in 0..12 {
        let window = if turn == 0 { EVER } else { random_window(random, model) };
        let totals = sorted(fixture, stream, window, &Projection::ALL).await;
        let expected = model.totals(stream, window);
        assert_eq!(totals, expected, "{window:?}");

        let one = *series.choose(random).unwrap();
        let group = model.groups.get(&one).copied().unwrap_or(one);
        let bucket_ms = *[7_000, 60_000, 300_000, HOUR, 24 * HOUR].choose(random).unwrap();
        let points = fixture.store.points(fixture.scope, stream, group, window, bucket_ms).await.unwrap();
        assert_eq!(points, model.points(stream, group, window, bucket_ms), "{window:?} by {bucket_ms}");

        let wanted = Projection {
            columns: Some(vec![1, stream.columns.len() - 1]),
            groups: Some(vec![group, 3]),
            series: None,
        };
        let some = sorted(fixture, stream, window, &wanted).await;
        assert_eq!(some, only(expected, &wanted), "{window:?}");
    }
}

async fn sorted(
    fixture: &Fixture,
    stream: &'static Stream,
    window: Window,
    wanted: &Projection,
) -> Vec<Total> {
    let mut totals = fixture.store.totals(fixture.scope, stream, window, wanted).await.unwrap();
    totals.sort_by_key(|total| total.group);
    totals
}

/// Of `totals` what is wanted.
fn only(mut totals: Vec<Total>, wanted: &Projection) -> Vec<Total> {
    let (columns, groups) = (wanted.columns.as_ref().unwrap(), wanted.groups.as_ref().unwrap());
    totals.retain(|total| groups.contains(&total.group));
    for total in &mut totals {
        for (place, value) in total.values.iter_mut().enumerate() {
            if !columns.contains(&place) {
                *value = NULL;
            }
        }
    }
    totals
}

async fn fill(random: &mut StdRng, fixture: &Fixture, stream: &'static Stream) -> (Model, Vec<u64>) {
    let series: Vec<u64> = (0..60).map(|_| random.random()).collect();
    let mut model = Model::default();
    let mut batch = Batch::new(fixture.scope.organization, fixture.scope.database);
    for &series in &series[..40] {
        let group = series % 10;
        model.groups.insert(series, group);
        batch.entries.push(SeriesEntry { stream, series, group, labels: serde_json::Map::new() });
    }
    fixture.store.append(batch.into()).await.unwrap();
    // three days and a bit
    model.records = records(random, stream, &series, 150, 75);
    (model, series)
}

#[tokio::test]
async fn totals_and_points_are_exact_before_and_after_shipping_and_in_between() {
    let fixture = Fixture::open(clickhouse().await).await;
    for (seed, stream) in [(1, &STATEMENTS), (2, &ACTIVITY)] {
        let mut random = StdRng::seed_from_u64(seed);
        let (model, series) = fill(&mut random, &fixture, stream).await;
        let mut late = model.records.clone();
        late.shuffle(&mut random);
        let rest = late.split_off(100);
        fixture.append(late).await;
        agree(&mut random, &fixture, &model_of(&model, &fixture).await, stream, &series).await;
        fixture.ship().await;
        assert_eq!(fixture.waiting().await, (0, 0));
        fixture.append(rest).await;
        agree(&mut random, &fixture, &model, stream, &series).await;
        // some are in both: appended again, or arrived a moment ago
        fixture.append(model.records[..70].to_vec()).await;
        agree(&mut random, &fixture, &model, stream, &series).await;
        fixture.ship().await;
        assert_eq!(fixture.waiting().await, (0, 0));
        agree(&mut random, &fixture, &model, stream, &series).await;
        fixture.append(model.records.clone()).await;
        fixture.ship().await;
        agree(&mut random, &fixture, &model, stream, &series).await;
    }
}

/// Those of `model` that were appended.
async fn model_of(model: &Model, fixture: &Fixture) -> Model {
    use sea_orm::{EntityTrait, QuerySelect};

    use crate::samples::entity::tail;
    let ends: Vec<i64> = tail::Entity::find()
        .select_only()
        .column(tail::Column::AtMs)
        .into_tuple()
        .all(&fixture.reader)
        .await
        .unwrap();
    let mut part = Model::default();
    part.records.extend(model.records.iter().filter(|record| ends.contains(&record.at.0)).cloned());
    part.groups.clone_from(&model.groups);
    part
}

#[tokio::test]
async fn a_read_during_shipping_loses_nothing_and_counts_nothing_twice() {
    let fixture = Fixture::open(clickhouse().await).await;
    let minute = |n: i64| record(&STATEMENTS, START + n * 60_000, START + (n + 1) * 60_000, &[7], 1);
    for round in 0..5 {
        fixture.append((round * 300..(round + 1) * 300).map(minute).collect()).await;
        let reads = async {
            for _ in 0..10 {
                let totals =
                    fixture.store.totals(fixture.scope, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
                assert_eq!(totals[0].values[0], (round + 1) * 300);
            }
        };
        tokio::join!(fixture.ship(), reads);
    }
}

#[tokio::test]
async fn a_query_ends_when_nobody_waits_for_it_any_more() {
    let patient = |options: &mut ClickHouseOptions| options.query_timeout = Duration::from_secs(3_600);
    let fixture = Fixture::open_with(clickhouse().await, patient).await;
    let server = &fixture.store.engine.remote.server;
    let endless = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";
    let running = format!("SELECT count() FROM system.processes WHERE query = '{endless}'");
    let query = server.rows::<u64>("a query without end", server.query(endless));
    let started = async { while fixture.count(&running).await == 0 {} };
    tokio::select! {
        _ = query => panic!("it has an end"),
        () = started => {}
    }
    while fixture.count(&running).await > 0 {}
}
