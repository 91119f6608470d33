//! What the answers must be: all records in memory, summed the plain way. And where random records come from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use basira_actors::model::{ColumnKind, NULL, Record, Stream, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::{DAY, HOUR, START, Window};
use crate::samples::{Point, Retention, Total};

#[derive(Default)]
pub(in crate::samples) struct Model {
    /// Those that no roll-up has yet.
    pub(in crate::samples) records: Vec<Record>,
    pub(in crate::samples) groups: HashMap<u64, u64>,
    rollups: Vec<Rollup>,
}

/// Records of a day that were rolled up together, and how finely they are kept.
struct Rollup {
    records: Vec<Record>,
    finest_ms: i64,
}

/// One row that counts.
#[derive(Clone)]
struct Row {
    from: i64,
    at: i64,
    series: u64,
    values: Vec<i64>,
}

impl Rollup {
    fn is_whole(&self, window: Window) -> bool {
        self.records.iter().all(|record| window.covers(record.at.0))
    }

    fn last(&self) -> i64 {
        self.records.iter().map(|record| record.at.0).max().unwrap()
    }

    /// One row per series and bucket.
    fn rows(&self, stream: &Stream, resolution_ms: i64) -> Vec<Row> {
        let raw: Vec<Row> = self.records.iter().flat_map(rows).collect();
        if resolution_ms == 0 {
            return raw;
        }
        let mut buckets: BTreeMap<(u64, i64), Vec<Row>> = BTreeMap::new();
        for row in raw {
            buckets.entry((row.series, (row.at - 1).div_euclid(resolution_ms))).or_default().push(row);
        }
        let rolled = |((series, _), rows): ((u64, i64), Vec<Row>)| Row {
            from: rows.iter().map(|row| row.from).min().unwrap(),
            at: rows.iter().map(|row| row.at).max().unwrap(),
            series,
            values: sum(stream, &rows),
        };
        buckets.into_iter().map(rolled).collect()
    }
}

fn rows(record: &Record) -> Vec<Row> {
    let row = |(row, &series): (usize, &u64)| Row {
        from: record.from.0,
        at: record.at.0,
        series,
        values: record.columns.iter().map(|column| column[row]).collect(),
    };
    record.series.iter().enumerate().map(row).collect()
}

impl Model {
    /// What the store does by itself at `now`: days are rolled up two hours after their end, then finer rows go first.
    pub(in crate::samples) fn keep(&mut self, retention: Retention, now: i64) {
        let over = (now - 2 * HOUR).div_euclid(DAY) * DAY;
        let (over, open) =
            std::mem::take(&mut self.records).into_iter().partition(|record| record.at.0 <= over);
        self.records = open;
        let mut days: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
        for record in over {
            days.entry((record.at.0 - 1).div_euclid(DAY)).or_default().push(record);
        }
        self.rollups.extend(days.into_values().map(|records| Rollup { records, finest_ms: 0 }));
        let is_past = |rollup: &Rollup, kept: Duration| {
            rollup.last() <= (now - kept.as_millis() as i64).div_euclid(DAY) * DAY
        };
        self.rollups.retain(|rollup| !is_past(rollup, retention.hour));
        for rollup in &mut self.rollups {
            let kept = [(retention.minute, HOUR), (retention.raw, 60_000)];
            let finer = kept.into_iter().find(|&(kept, _)| is_past(rollup, kept));
            rollup.finest_ms = finer.map_or(0, |(_, resolution_ms)| resolution_ms);
        }
    }

    /// When records start and end.
    pub(in crate::samples) fn edges(&self) -> Vec<i64> {
        let rolled = self.rollups.iter().flat_map(|rollup| &rollup.records);
        self.records.iter().chain(rolled).flat_map(|record| [record.from.0, record.at.0]).collect()
    }

    /// How many records are kept only rolled up.
    pub(in crate::samples) fn coarse(&self) -> usize {
        self.rollups.iter().filter(|rollup| rollup.finest_ms > 0).map(|rollup| rollup.records.len()).sum()
    }

    /// The coarsest resolution in which any record is kept.
    pub(in crate::samples) fn coarsest_ms(&self) -> i64 {
        self.rollups.iter().map(|rollup| rollup.finest_ms).max().unwrap_or_default()
    }

    /// All that counts; a roll-up that is only partly within the window at the finest that is kept of it.
    fn rows(
        &self,
        stream: &Stream,
        window: Window,
        whole_ms: impl Fn(&Rollup) -> i64,
    ) -> BTreeMap<u64, Vec<Row>> {
        let mut all: Vec<Row> = self.records.iter().flat_map(rows).collect();
        for rollup in &self.rollups {
            let whole = rollup.is_whole(window);
            let resolution_ms = if whole { whole_ms(rollup) } else { rollup.finest_ms };
            all.extend(rollup.rows(stream, resolution_ms));
        }
        let mut by_group: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        for row in all.into_iter().filter(|row| window.covers(row.at)) {
            by_group.entry(*self.groups.get(&row.series).unwrap_or(&row.series)).or_default().push(row);
        }
        by_group
    }

    pub(in crate::samples) fn totals(&self, stream: &Stream, window: Window) -> Vec<Total> {
        let total = |(group, rows): (u64, Vec<Row>)| Total {
            group,
            values: sum(stream, &rows),
            first: Timestamp(rows.iter().map(|row| row.from).min().unwrap()),
            last: Timestamp(rows.iter().map(|row| row.at).max().unwrap()),
        };
        // sums of a day are made of its records, whatever is left of these
        self.rows(stream, window, |_| 0).into_iter().map(total).collect()
    }

    pub(in crate::samples) fn points(
        &self,
        stream: &Stream,
        group: u64,
        window: Window,
        bucket_ms: i64,
    ) -> Vec<Point> {
        let whole_ms = |rollup: &Rollup| {
            let mut buckets = rollup.records.iter().map(|record| (record.at.0 - 1).div_euclid(bucket_ms));
            let first = buckets.next();
            if buckets.all(|bucket| Some(bucket) == first) {
                // sums of a day are made of its records, whatever is left of these
                return 0;
            }
            let exact = [HOUR, 60_000].into_iter().find(|resolution_ms| bucket_ms % resolution_ms == 0);
            exact.unwrap_or(0).max(rollup.finest_ms)
        };
        let rows = self.rows(stream, window, whole_ms).remove(&group).unwrap_or_default();
        let start = |row: &Row| (row.at - 1).div_euclid(bucket_ms) * bucket_ms;
        let starts: BTreeSet<i64> = rows.iter().map(start).collect();
        let point = |ts| {
            let inside: Vec<Row> = rows.iter().filter(|row| start(row) == ts).cloned().collect();
            Point { ts: Timestamp(ts), values: sum(stream, &inside) }
        };
        starts.into_iter().map(point).collect()
    }
}

fn sum(stream: &Stream, rows: &[Row]) -> Vec<i64> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.at, row.series));
    let column = |(index, kind): (usize, ColumnKind)| {
        let known = sorted.iter().map(|row| row.values[index]).filter(|&value| value != NULL);
        let values: Vec<i64> = known.collect();
        match (kind, values.last()) {
            (_, None) => NULL,
            (ColumnKind::Sum, _) => values.iter().sum(),
            (_, Some(&newest)) => newest,
        }
    };
    stream.columns.iter().map(|column| column.kind).enumerate().map(column).collect()
}

/// A value as samples have them: often 0, sometimes unknown, sometimes huge.
fn value(random: &mut StdRng, kind: ColumnKind) -> i64 {
    match random.random_range(0..10) {
        0 => NULL,
        1..4 => 0,
        4..8 => random.random_range(0..1_000),
        _ if kind == ColumnKind::Sum => random.random_range(-5..1 << 40),
        _ => random.random_range(NULL + 1..=i64::MAX),
    }
}

/// `count` records within `hours`, some touching, some apart, of a few series each.
pub(in crate::samples) fn records(
    random: &mut StdRng,
    stream: &'static Stream,
    series: &[u64],
    count: i64,
    hours: i64,
) -> Vec<Record> {
    let step = hours * HOUR / count;
    let mut from = START;
    let mut records = Vec::new();
    for number in 1..=count {
        // some end exactly with the hour
        let at = START + number * step
            - if random.random_bool(0.5) { 0 } else { random.random_range(0..step / 2) };
        let amount = random.random_range(0..=series.len());
        let mut here: Vec<u64> = series.choose_multiple(random, amount).copied().collect();
        here.sort_unstable();
        let columns =
            stream.columns.iter().map(|column| here.iter().map(|_| value(random, column.kind)).collect());
        let columns = columns.collect();
        records.push(Record { stream, from: Timestamp(from), at: Timestamp(at), series: here, columns });
        from = if random.random_bool(0.8) { at } else { at + step / 4 };
    }
    records
}
