//! Days of appends, seals, roll-ups, retention and crashes, held against the plain model all along.

use std::time::Duration;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, Entry, Record, Stream, Timestamp};
use basira_actors::ports::SampleSink;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::model::{Model, records};
use super::windows::agree;
use super::{DAY, Fixture, START, on_each_backend_keeping};
use crate::samples::{Retention, SampleKeeping};

const KEPT: Retention = Retention {
    raw: Duration::from_secs(30 * 3600),
    minute: Duration::from_secs(54 * 3600),
    hour: Duration::from_secs(90 * 3600),
    max_bytes: None,
};

/// Gives each of most series a group.
async fn register(fixture: &Fixture, model: &mut Model, stream: &'static Stream, series: &[u64]) {
    let mut batch = Batch::new(fixture.scope.organization, fixture.scope.database);
    for &series in &series[..series.len() * 4 / 5] {
        model.groups.insert(series, series % 7);
        batch.entries.push(Entry { stream, series, group: series % 7, labels: serde_json::Map::new() });
    }
    fixture.store.append(batch).await.unwrap();
}

/// Sends records in any order, some of them twice.
async fn send(random: &mut StdRng, fixture: &Fixture, records: &[Record]) {
    let mut waiting: Vec<Record> = records.to_vec();
    while !waiting.is_empty() {
        let next = random.random_range(0..waiting.len().min(4));
        let record = waiting.remove(next);
        if random.random_bool(0.1) {
            fixture.append(vec![record.clone()]).await;
        }
        fixture.append(vec![record]).await;
    }
}

async fn days_pass(seed: u64, stream: &'static Stream, fixture: &mut Fixture) {
    let mut random = StdRng::seed_from_u64(seed);
    let series: Vec<u64> = (0..40).map(|_| random.random()).collect();
    let mut model = Model::default();
    register(fixture, &mut model, stream, &series).await;
    let mut coarse = 0;
    let all = records(&mut random, stream, &series, 480, 5 * 24);
    for (number, some) in all.chunks(32).enumerate() {
        let now = some.iter().map(|record| record.at.0).max().unwrap();
        // a few come much later
        let (late, on_time): (Vec<Record>, Vec<Record>) =
            some.iter().cloned().partition(|_| random.random_bool(0.03));
        send(&mut random, fixture, &on_time).await;
        model.records.extend(on_time);
        if random.random_bool(0.6) {
            fixture.store.maintain(Timestamp(now)).await.unwrap();
            model.keep(KEPT, now);
        }
        send(&mut random, fixture, &late).await;
        model.records.extend(late);
        if random.random_bool(0.3) {
            fixture.restart();
        }
        // what was sent, sealed and rolled up counts once when it is sent again
        let known: Vec<&Record> =
            all[..(number + 1) * 32].iter().filter(|record| record.at.0 > now - DAY).collect();
        let again = known.choose(&mut random).map(|record| vec![(*record).clone()]).unwrap_or_default();
        fixture.append(again).await;
        agree(&mut random, fixture, &model, stream, &series).await;
        coarse = coarse.max(model.coarse());
    }
    assert!(coarse > 50, "{coarse} records were kept only rolled up");
    let end = START + 12 * DAY;
    fixture.store.maintain(Timestamp(end)).await.unwrap();
    model.keep(KEPT, end);
    agree(&mut random, fixture, &model, stream, &series).await;
    assert_eq!(fixture.rows().await, (0, 0), "all of it is past its retention");
    assert_eq!(fixture.blocks().await, 0);
}

#[tokio::test]
async fn days_of_statements_agree_with_the_model() {
    on_each_backend_keeping(KEPT, async |fixture| days_pass(11, &STATEMENTS, fixture).await).await;
}

#[tokio::test]
async fn days_of_activity_agree_with_the_model() {
    on_each_backend_keeping(KEPT, async |fixture| days_pass(12, &ACTIVITY, fixture).await).await;
}
