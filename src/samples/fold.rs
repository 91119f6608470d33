//! Summing samples: sums add, readings and words take the newest. The order of adding does not matter.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use basira_actors::model::{ColumnKind, NULL, Stream};
use rustc_hash::{FxHashMap, FxHashSet};

use super::codec::{Sums, Table};
use super::recent::Recent;
use super::{Point, Timestamp, Total, Wanted, Window};

/// One row per stream column, summed.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) values: Vec<i64>,
    /// When, and by which series, the newest value of each column that does not add up was seen.
    newest: Vec<(i64, u64)>,
}

impl Cells {
    pub(super) fn new(stream: &Stream) -> Self {
        let readings = stream.columns.iter().filter(|column| column.kind != ColumnKind::Sum).count();
        Self {
            first: i64::MAX,
            last: i64::MIN,
            values: vec![NULL; stream.columns.len()],
            newest: vec![(i64::MIN, 0); readings],
        }
    }

    /// Adds a row of `series` from `first` to `last`; `cell` gives a column's value and when it was read.
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        (first, last): (i64, i64),
        series: u64,
        cell: impl Fn(usize) -> (i64, i64),
    ) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        let mut newest = self.newest.iter_mut();
        for (index, (column, sum)) in stream.columns.iter().zip(&mut self.values).enumerate() {
            let (value, read_at) = cell(index);
            if column.kind == ColumnKind::Sum {
                add_up(sum, value);
            } else if let Some(stamp) = newest.next() {
                take_newest(stamp, sum, (read_at, series), value);
            }
        }
    }

    /// Adds `rows` of `table`, all of them of `series`, column by column.
    pub(super) fn add_rows(
        &mut self,
        stream: &Stream,
        series: u64,
        (table, rows): (&Table, Range<usize>),
        records: &[(i64, i64)],
    ) {
        for row in rows.clone() {
            self.first = self.first.min(records[table.first(row)].0);
            self.last = self.last.max(records[table.last[row]].1);
        }
        let mut newest = self.newest.iter_mut();
        for (column, (cells, sum)) in stream.columns.iter().zip(table.columns.iter().zip(&mut self.values)) {
            let stamp = if column.kind == ColumnKind::Sum { None } else { newest.next() };
            let Some(cells) = cells.get(rows.clone()) else { continue };
            match stamp {
                None => cells.iter().for_each(|&value| add_up(sum, value)),
                Some(stamp) => {
                    // of one series the last known value is the newest
                    let known = cells.iter().rposition(|&value| value != NULL);
                    if let Some(place) = known {
                        let read_at = records[table.last[rows.start + place]].1;
                        take_newest(stamp, sum, (read_at, series), cells[place]);
                    }
                }
            }
        }
    }

    /// When the newest value of each column was read; none for a column that adds up.
    pub(super) fn stamps(&self, stream: &Stream) -> Vec<Option<i64>> {
        let mut newest = self.newest.iter();
        let kinds = stream.columns.iter().map(|column| column.kind);
        kinds
            .map(|kind| if kind == ColumnKind::Sum { None } else { newest.next().map(|stamp| stamp.0) })
            .collect()
    }
}

fn add_up(sum: &mut i64, value: i64) {
    if value == NULL {
        return;
    }
    // stays clear of NULL even when it saturates
    *sum = if *sum == NULL { value } else { sum.saturating_add(value).max(NULL + 1) };
}

fn take_newest(stamp: &mut (i64, u64), newest: &mut i64, read: (i64, u64), value: i64) {
    if value != NULL && *stamp <= read {
        (*stamp, *newest) = (read, value);
    }
}

/// Where rows go while they are read.
pub(super) trait Gather: Send + 'static {
    fn stream(&self) -> &'static Stream;

    /// For each column, whether it is wanted.
    fn columns(&self) -> &[bool];

    /// The series of interest, ascending; none when all are.
    fn series(&self) -> Option<&[u64]>;

    /// Into which cells of its group a row that ends at `at` goes.
    fn bucket(&self, at: i64) -> i64;

    /// Whether rows that were rolled up to so many milliseconds go into the same cells as what they were made of.
    fn accepts(&self, resolution_ms: i64) -> bool;

    /// The cells for rows of `series` in a bucket; none when it is of no interest.
    fn cells(&mut self, series: u64, bucket: i64) -> Option<&mut Cells>;

    /// Whether any series from `first` to `last` is of interest.
    fn wants(&self, first: u64, last: u64) -> bool {
        self.series().is_none_or(|series| {
            let next = series.partition_point(|&series| series < first);
            series.get(next).is_some_and(|&series| series <= last)
        })
    }

    /// Adds what of a record lies in `window`.
    fn add_record(&mut self, window: Window, record: &Recent) {
        if !window.covers(record.from, record.at) {
            return;
        }
        let stream = self.stream();
        let bucket = self.bucket(record.at);
        let rows: Option<Vec<usize>> = self.series().map(|wanted| {
            wanted.iter().filter_map(|series| record.series.binary_search(series).ok()).collect()
        });
        let mut add = |row: usize| {
            let series = record.series[row];
            if let Some(cells) = self.cells(series, bucket) {
                cells.add(stream, (record.from, record.at), series, |column| {
                    (record.cell(column, row), record.at)
                });
            }
        };
        match rows {
            Some(rows) => rows.into_iter().for_each(&mut add),
            None => (0..record.series.len()).for_each(&mut add),
        }
    }

    /// Adds what of `table` lies in `window`; `records` are those of its segment.
    fn add_table(&mut self, window: Window, records: &[(i64, i64)], table: &Table) {
        let stream = self.stream();
        let end_of = |row: usize| records[table.last[row]].1;
        let counts = |row: usize| window.covers(records[table.first(row)].0, end_of(row));
        for (series, run) in table.runs() {
            if !self.wants(series, series) {
                continue;
            }
            let mut start = run.start;
            while start < run.end {
                let bucket = self.bucket(end_of(start));
                let together = |&row: &usize| counts(row) && self.bucket(end_of(row)) == bucket;
                let end = start + (start..run.end).take_while(together).count();
                if end == start {
                    start += 1;
                    continue;
                }
                let Some(cells) = self.cells(series, bucket) else { break };
                cells.add_rows(stream, series, (table, start..end), records);
                start = end;
            }
        }
    }

    /// Adds a whole segment.
    fn add_sums(&mut self, sums: &Sums) {
        let stream = self.stream();
        for (row, &series) in sums.series.iter().enumerate() {
            let span = (sums.first[row], sums.last[row]);
            let bucket = self.bucket(span.1);
            if !self.wants(series, series) {
                continue;
            }
            if let Some(cells) = self.cells(series, bucket) {
                let of_row = |values: &[i64], otherwise| values.get(row).copied().unwrap_or(otherwise);
                cells.add(stream, span, series, |column| {
                    (of_row(&sums.columns[column], NULL), of_row(&sums.stamps[column], span.1))
                });
            }
        }
    }
}

/// For each column of `stream`, whether it is wanted.
fn mask(stream: &Stream, wanted: Option<&[usize]>) -> Vec<bool> {
    (0..stream.columns.len()).map(|column| wanted.is_none_or(|wanted| wanted.contains(&column))).collect()
}

/// The group of each series that has an entry; one without is its own group.
pub(super) type Groups = Arc<FxHashMap<u64, u64>>;

/// The series of any of `groups`, ascending.
pub(super) fn members(
    groups: &Groups,
    wanted: impl Fn(u64) -> bool,
    alone: impl Iterator<Item = u64>,
) -> Vec<u64> {
    let mut series: Vec<u64> =
        groups.iter().filter(|&(_, &group)| wanted(group)).map(|(&series, _)| series).collect();
    series.extend(alone.filter(|series| !groups.contains_key(series)));
    series.sort_unstable();
    series
}

/// Everything, by group.
pub(super) struct Totals {
    stream: &'static Stream,
    groups: Groups,
    columns: Vec<bool>,
    series: Option<Vec<u64>>,
    cells: FxHashMap<u64, Cells>,
}

impl Totals {
    pub(super) fn new(stream: &'static Stream, groups: Groups, wanted: &Wanted) -> Self {
        let series = wanted.groups.as_ref().map(|wanted| {
            let set: FxHashSet<u64> = wanted.iter().copied().collect();
            members(&groups, |group| set.contains(&group), set.iter().copied())
        });
        let columns = mask(stream, wanted.columns.as_deref());
        Self { stream, groups, columns, series, cells: FxHashMap::default() }
    }

    pub(super) fn finish(self) -> Vec<Total> {
        let total = |(group, cells): (u64, Cells)| Total {
            group,
            values: cells.values,
            first: Timestamp(cells.first),
            last: Timestamp(cells.last),
        };
        self.cells.into_iter().map(total).collect()
    }
}

impl Gather for Totals {
    fn stream(&self) -> &'static Stream {
        self.stream
    }

    fn columns(&self) -> &[bool] {
        &self.columns
    }

    fn series(&self) -> Option<&[u64]> {
        self.series.as_deref()
    }

    fn bucket(&self, _at: i64) -> i64 {
        0
    }

    fn accepts(&self, _resolution_ms: i64) -> bool {
        true
    }

    fn cells(&mut self, series: u64, _bucket: i64) -> Option<&mut Cells> {
        let group = self.groups.get(&series).copied().unwrap_or(series);
        Some(self.cells.entry(group).or_insert_with(|| Cells::new(self.stream)))
    }
}

/// The series of one group, by bucket of time.
pub(super) struct Buckets {
    stream: &'static Stream,
    columns: Vec<bool>,
    series: Vec<u64>,
    bucket_ms: i64,
    cells: BTreeMap<i64, Cells>,
}

impl Buckets {
    pub(super) fn new(stream: &'static Stream, groups: &Groups, group: u64, bucket_ms: i64) -> Self {
        let series = members(groups, |of_series| of_series == group, std::iter::once(group));
        let columns = mask(stream, None);
        Self { stream, columns, series, bucket_ms: bucket_ms.max(1), cells: BTreeMap::new() }
    }

    pub(super) fn finish(self) -> Vec<Point> {
        self.cells.into_iter().map(|(ts, cells)| Point { ts: Timestamp(ts), values: cells.values }).collect()
    }
}

impl Gather for Buckets {
    fn stream(&self) -> &'static Stream {
        self.stream
    }

    fn columns(&self) -> &[bool] {
        &self.columns
    }

    fn series(&self) -> Option<&[u64]> {
        Some(&self.series)
    }

    /// The start of the bucket in which a record that ends at `at` ends: a bucket is open at its start, as a window is.
    fn bucket(&self, at: i64) -> i64 {
        at.saturating_sub(1).div_euclid(self.bucket_ms).saturating_mul(self.bucket_ms)
    }

    fn accepts(&self, resolution_ms: i64) -> bool {
        resolution_ms > 0 && self.bucket_ms % resolution_ms == 0
    }

    fn cells(&mut self, _series: u64, bucket: i64) -> Option<&mut Cells> {
        Some(self.cells.entry(bucket).or_insert_with(|| Cells::new(self.stream)))
    }
}
