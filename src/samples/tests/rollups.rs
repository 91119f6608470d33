//! Days of appends, seals, roll-ups, retention and crashes: three engines side by side, held against the plain model.

use std::time::Duration;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, Record, SeriesEntry, Stream, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::model::{Model, records};
use super::windows::agree;
use super::{DAY, EVER, Fixture, START, Subject};
use crate::samples::OnClickHouse;
use crate::samples::Retention;

const KEPT: Retention = Retention {
    raw: Duration::from_secs(30 * 3600),
    minute: Duration::from_secs(54 * 3600),
    hour: Duration::from_secs(90 * 3600),
    max_bytes: None,
    new_texts_per_hour: None,
};

/// Three stores that are told the same.
struct Engines(Vec<Box<dyn Subject>>);

impl Engines {
    async fn open() -> Self {
        Self(vec![
            Box::new(Fixture::on_sqlite(KEPT).await),
            Box::new(Fixture::on_postgres(KEPT).await),
            Box::new(OnClickHouse::open(KEPT).await),
        ])
    }

    async fn append(&self, records: &[Record], entries: &[SeriesEntry]) {
        for engine in &self.0 {
            let scope = engine.scope();
            let batch = Batch {
                records: records.to_vec(),
                entries: entries.to_vec(),
                ..Batch::new(scope.organization, scope.database)
            };
            engine.store().append(batch.into()).await.unwrap();
        }
    }

    /// Sends records in any order, some of them twice.
    async fn send(&self, random: &mut StdRng, records: &[Record]) {
        let mut waiting: Vec<Record> = records.to_vec();
        while !waiting.is_empty() {
            let next = random.random_range(0..waiting.len().min(4));
            let record = waiting.remove(next);
            for _ in 0..if random.random_bool(0.1) { 2 } else { 1 } {
                self.append(std::slice::from_ref(&record), &[]).await;
            }
        }
    }

    async fn keep(&self, model: &mut Model, now: i64) {
        for engine in &self.0 {
            engine.believe_clock(Timestamp(now)).await;
            engine.store().maintain(Timestamp(now)).await.unwrap();
        }
        model.keep(KEPT, now);
    }

    /// The segments are asked which resolution they have; ClickHouse answers by the days that it keeps.
    async fn know_their_resolution(&self, model: &Model, stream: &'static Stream) {
        for engine in &self.0 {
            let resolution = engine.store().resolution(engine.scope(), stream, EVER).await.unwrap();
            let coarsest_ms = model.coarsest_ms();
            assert!(resolution.millis() >= coarsest_ms, "{resolution:?} for {coarsest_ms} ms");
            if engine.has_exact_readings() {
                assert_eq!(resolution.millis(), coarsest_ms);
            }
        }
    }

    async fn agree(&self, random: &mut StdRng, model: &Model, stream: &'static Stream, series: &[u64]) {
        let engines: Vec<&dyn Subject> = self.0.iter().map(|engine| &**engine).collect();
        agree(random, &engines, model, stream, series).await;
    }
}

async fn days_pass(seed: u64, stream: &'static Stream) {
    let mut engines = Engines::open().await;
    let mut random = StdRng::seed_from_u64(seed);
    let series: Vec<u64> = (0..40).map(|_| random.random()).collect();
    let mut model = Model::default();
    let entry =
        |&series: &u64| SeriesEntry { stream, series, group: series % 7, labels: serde_json::Map::new() };
    let entries: Vec<SeriesEntry> = series[..32].iter().map(entry).collect();
    model.groups.extend(entries.iter().map(|entry| (entry.series, entry.group)));
    engines.append(&[], &entries).await;

    let mut coarse = 0;
    let all = records(&mut random, stream, &series, 480, 5 * 24);
    for (number, some) in all.chunks(32).enumerate() {
        let now = some.iter().map(|record| record.at.0).max().unwrap();
        // a few come much later
        let (late, on_time): (Vec<Record>, Vec<Record>) =
            some.iter().cloned().partition(|_| random.random_bool(0.03));
        engines.send(&mut random, &on_time).await;
        model.records.extend(on_time);
        if random.random_bool(0.6) {
            engines.keep(&mut model, now).await;
        }
        engines.send(&mut random, &late).await;
        model.records.extend(late);
        if random.random_bool(0.3) {
            let crashed = random.random_range(0..engines.0.len());
            engines.0[crashed].restart().await;
        }
        // what was sent, sealed and rolled up counts once when it is sent again
        let sent = &all[..(number + 1) * 32];
        let recent: Vec<&Record> = sent.iter().filter(|record| record.at.0 > now - DAY).collect();
        if let Some(again) = recent.choose(&mut random) {
            engines.append(std::slice::from_ref(*again), &[]).await;
        }
        engines.agree(&mut random, &model, stream, &series).await;
        engines.know_their_resolution(&model, stream).await;
        coarse = coarse.max(model.coarse());
    }
    assert!(coarse > 50, "{coarse} records were kept only rolled up");
    engines.keep(&mut model, START + 12 * DAY).await;
    engines.agree(&mut random, &model, stream, &series).await;
    for engine in &engines.0 {
        let usage = engine.store().usage().await.unwrap();
        assert!(usage.streams.is_empty(), "all of it is past its retention: {usage:?}");
    }
}

#[tokio::test]
async fn three_engines_and_the_model_agree_on_days_of_statements() {
    days_pass(11, &STATEMENTS).await;
}

#[tokio::test]
async fn three_engines_and_the_model_agree_on_days_of_activity() {
    days_pass(12, &ACTIVITY).await;
}
