//! What the answers must be: all records in memory, summed the plain way. And where random records come from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use basira_actors::model::{ColumnKind, NULL, Record, Stream, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::{HOUR, START, Window};
use crate::samples::{Point, Total};

#[derive(Default)]
pub(in crate::samples) struct Model {
    pub(in crate::samples) records: Vec<Record>,
    pub(in crate::samples) groups: HashMap<u64, u64>,
}

/// One row that counts.
#[derive(Clone)]
struct Row {
    from: i64,
    at: i64,
    series: u64,
    values: Vec<i64>,
}

impl Model {
    fn rows(&self, stream: &Stream, window: Window) -> BTreeMap<u64, Vec<Row>> {
        let mut rows: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        for record in self.records.iter().filter(|record| record.stream.name == stream.name) {
            if record.at <= window.since || record.from >= window.until {
                continue;
            }
            for (row, &series) in record.series.iter().enumerate() {
                let group = *self.groups.get(&series).unwrap_or(&series);
                let values = record.columns.iter().map(|column| column[row]).collect();
                rows.entry(group).or_default().push(Row {
                    from: record.from.0,
                    at: record.at.0,
                    series,
                    values,
                });
            }
        }
        rows
    }

    pub(in crate::samples) fn totals(&self, stream: &Stream, window: Window) -> Vec<Total> {
        let total = |(group, rows): (u64, Vec<Row>)| Total {
            group,
            values: sum(stream, &rows),
            first: Timestamp(rows.iter().map(|row| row.from).min().unwrap()),
            last: Timestamp(rows.iter().map(|row| row.at).max().unwrap()),
        };
        self.rows(stream, window).into_iter().map(total).collect()
    }

    pub(in crate::samples) fn points(
        &self,
        stream: &Stream,
        group: u64,
        window: Window,
        bucket_ms: i64,
    ) -> Vec<Point> {
        let rows = self.rows(stream, window).remove(&group).unwrap_or_default();
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
