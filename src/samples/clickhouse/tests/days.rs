//! Days of appends, shipping, retention and restarts, held against a plain model of what is kept how finely.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{Batch, ColumnKind, NULL, Record, SeriesEntry, Stream, Timestamp};
use basira_actors::ports::SampleRepository;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{Fixture, window};
use crate::samples::tests::model::records;
use crate::samples::tests::{EVER, HOUR, START};
use crate::samples::{ManagedSampleStore, Point, Projection, Retention, SampleStore, Total, Window};
use crate::testing::clickhouse;

const DAY: i64 = 24 * HOUR;
const KEPT: [i64; 3] = [30 * HOUR, 54 * HOUR, 90 * HOUR];
const RESOLUTIONS: [i64; 3] = [0, 60_000, HOUR];

/// All records, and the first day that each resolution still has.
struct Model {
    stream: &'static Stream,
    records: Vec<Record>,
    groups: HashMap<u64, u64>,
    kept: [i64; 3],
}

/// What counts as one: a row of a record, or of a bucket of a series. Each cell with the time at which it was read.
struct Row {
    series: u64,
    from: i64,
    at: i64,
    cells: Vec<(i64, i64)>,
}

impl Model {
    fn keep(&mut self, now: i64) {
        for (kept, age) in self.kept.iter_mut().zip(KEPT) {
            *kept = (*kept).max((now - age - 1).div_euclid(DAY));
        }
    }

    /// Days wholly inside `window` at the coarsest of `exact` that is kept, others at the finest.
    fn rows(&self, window: Window, exact: &[usize]) -> Vec<Row> {
        let mut buckets: BTreeMap<(u64, i64, i64), Row> = BTreeMap::new();
        for (number, record) in self.records.iter().enumerate() {
            let (from, at) = (record.from.0, record.at.0);
            let day = (at - 1).div_euclid(DAY);
            let is_kept = |place: &usize| day >= self.kept[*place];
            let inside = window.since.0 <= day * DAY && (day + 1) * DAY <= window.until.0;
            let whole = if inside { exact.iter().copied().find(is_kept) } else { None };
            let Some(place) = whole.or_else(|| (0..3).find(is_kept)) else { continue };
            let (resolution_ms, number) = (RESOLUTIONS[place], i64::try_from(number).unwrap());
            let bucket =
                if resolution_ms == 0 { (0, number) } else { (1, (at - 1).div_euclid(resolution_ms)) };
            for (row, &series) in record.series.iter().enumerate() {
                let cells = record.columns.iter().map(|column| (column[row], at)).collect();
                let new = Row { series, from, at, cells };
                match buckets.entry((series, bucket.0, bucket.1)) {
                    std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(new)),
                    std::collections::btree_map::Entry::Occupied(mut there) => {
                        let both = [there.get(), &new];
                        let cells = (0..new.cells.len()).map(|place| self.cell(place, &both)).collect();
                        let (from, at) = (from.min(both[0].from), at.max(both[0].at));
                        there.insert(Row { series, from, at, cells });
                    }
                }
            }
        }
        let counts = |row: &Row| window.covers(row.at);
        buckets.into_values().filter(counts).collect()
    }

    fn cell(&self, place: usize, rows: &[&Row]) -> (i64, i64) {
        let known = rows.iter().map(|row| (row.cells[place], row.series)).filter(|(cell, _)| cell.0 != NULL);
        if self.stream.columns[place].kind == ColumnKind::Sum {
            return known
                .map(|(cell, _)| cell)
                .reduce(|one, other| (one.0 + other.0, 0))
                .unwrap_or((NULL, 0));
        }
        known.max_by_key(|(cell, series)| (cell.1, *series)).map_or((NULL, 0), |(cell, _)| cell)
    }

    fn values(&self, rows: &[&Row]) -> Vec<i64> {
        (0..self.stream.columns.len()).map(|place| self.cell(place, rows).0).collect()
    }

    fn group(&self, series: u64) -> u64 {
        self.groups.get(&series).copied().unwrap_or(series)
    }

    fn totals(&self, window: Window) -> Vec<Total> {
        let rows = self.rows(window, &[2, 1]);
        let mut groups: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
        rows.iter().for_each(|row| groups.entry(self.group(row.series)).or_default().push(row));
        let total = |(group, rows): (u64, Vec<&Row>)| Total {
            group,
            values: self.values(&rows),
            first: Timestamp(rows.iter().map(|row| row.from).min().unwrap()),
            last: Timestamp(rows.iter().map(|row| row.at).max().unwrap()),
        };
        groups.into_iter().map(total).collect()
    }

    fn points(&self, group: u64, window: Window, bucket_ms: i64) -> Vec<Point> {
        let exact: Vec<usize> = [2, 1].into_iter().filter(|&it| bucket_ms % RESOLUTIONS[it] == 0).collect();
        let rows = self.rows(window, &exact);
        let mut points: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| self.group(row.series) == group) {
            points.entry((row.at - 1).div_euclid(bucket_ms) * bucket_ms).or_default().push(row);
        }
        let point = |(ts, rows): (i64, Vec<&Row>)| Point { ts: Timestamp(ts), values: self.values(&rows) };
        points.into_iter().map(point).collect()
    }

    fn window(&self, random: &mut StdRng) -> Window {
        let mut edge = || match random.random_range(0..4) {
            0 => START.div_euclid(DAY) * DAY + random.random_range(0..7) * DAY + random.random_range(-1..=1),
            1 => random.random_range(START - HOUR..START + 5 * DAY),
            _ => {
                let record = self.records.choose(random).unwrap();
                let edge = if random.random_bool(0.5) { record.from } else { record.at };
                edge.0 + random.random_range(-1..=1)
            }
        };
        let (one, other) = (edge(), edge());
        window(one.min(other), one.max(other))
    }
}

async fn agree(random: &mut StdRng, fixture: &Fixture, model: &Model, series: &[u64]) {
    for turn in 0..8 {
        let window = if turn == 0 { EVER } else { model.window(random) };
        let store = &fixture.store;
        let mut totals = store.totals(fixture.scope, model.stream, window, &Projection::ALL).await.unwrap();
        totals.sort_by_key(|total| total.group);
        assert_eq!(totals, model.totals(window), "{window:?}");
        let group = model.group(*series.choose(random).unwrap());
        let bucket_ms = *[7_000, 60_000, 300_000, HOUR, DAY].choose(random).unwrap();
        let points = store.points(fixture.scope, model.stream, group, window, bucket_ms).await.unwrap();
        assert_eq!(points, model.points(group, window, bucket_ms), "{window:?} by {bucket_ms}");
    }
}

async fn days_pass(seed: u64, stream: &'static Stream) {
    let age = |place: usize| Duration::from_millis(KEPT[place].unsigned_abs());
    let retention =
        Retention { raw: age(0), minute: age(1), hour: age(2), max_bytes: None, new_texts_per_hour: None };
    let mut fixture = Fixture::open_with(clickhouse().await, |options| options.retention = retention).await;
    fixture.keep_the_old().await;
    let mut random = StdRng::seed_from_u64(seed);
    let series: Vec<u64> = (0..30).map(|_| random.random()).collect();
    let mut model = Model { stream, records: Vec::new(), groups: HashMap::new(), kept: [i64::MIN; 3] };
    let mut batch = Batch::new(fixture.scope.organization, fixture.scope.database);
    for &series in &series[..24] {
        model.groups.insert(series, series % 7);
        batch.entries.push(SeriesEntry { stream, series, group: series % 7, labels: serde_json::Map::new() });
    }
    fixture.store.append(batch.into()).await.unwrap();
    let all = records(&mut random, stream, &series, 480, 5 * 24);
    for some in all.chunks(40) {
        let now = some.iter().map(|record| record.at.0).max().unwrap();
        // some come late, some twice
        let late = some.iter().filter(|_| random.random_bool(0.1)).cloned().collect::<Vec<_>>();
        let on_time = some.iter().filter(|record| !late.contains(record)).cloned();
        fixture.append(on_time.collect()).await;
        let again = model.records.choose(&mut random).cloned();
        fixture.append(again.into_iter().collect()).await;
        if random.random_bool(0.7) {
            fixture.store.believe_clock(Timestamp(now)).await;
            fixture.store.maintain(Timestamp(now)).await.unwrap();
            model.keep(now);
        }
        fixture.append(late).await;
        model.records.extend_from_slice(some);
        if random.random_bool(0.3) {
            fixture.restart().await;
        }
        agree(&mut random, &fixture, &model, &series).await;
    }
    // one that comes much too late, and is only in the buckets
    let old = all.iter().find(|record| (record.at.0 - 1).div_euclid(DAY) == model.kept[1]).unwrap();
    let at = Timestamp(old.at.0 - 1);
    let very_late = Record { from: Timestamp(at.0 - 1), at, ..old.clone() };
    fixture.append(vec![very_late.clone()]).await;
    model.records.push(very_late);
    agree(&mut random, &fixture, &model, &series).await;
    assert!(model.kept[0] > model.kept[1] && model.kept[1] > model.kept[2]);
}

#[tokio::test]
async fn days_of_statements_agree_with_the_model() {
    days_pass(11, &STATEMENTS).await;
}

#[tokio::test]
async fn days_of_activity_agree_with_the_model() {
    days_pass(12, &ACTIVITY).await;
}
