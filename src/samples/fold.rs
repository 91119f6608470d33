//! Summing samples: sums add, readings and words take the newest. The order of adding does not matter.

use std::collections::{BTreeMap, HashMap};

use basira_actors::model::{ColumnKind, NULL, Stream};

use super::codec::{Block, Rows, Sums};
use super::{Point, Timestamp, Total, Window};

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
            let stamp = if column.kind == ColumnKind::Sum { None } else { newest.next() };
            if value == NULL {
                continue;
            }
            match stamp {
                None if *sum == NULL => *sum = value,
                // stays clear of NULL even when it saturates
                None => *sum = sum.saturating_add(value).max(NULL + 1),
                Some(stamp) if *stamp <= (read_at, series) => (*stamp, *sum) = ((read_at, series), value),
                Some(_) => {}
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

/// Where rows go while they are read.
pub(super) trait Gather: Send + 'static {
    fn stream(&self) -> &'static Stream;

    /// Whether any series from `first` to `last` is of interest.
    fn wants(&self, first: u64, last: u64) -> bool;

    /// Whether all records that end from `first_end` to `last_end` go into the same cells of their group.
    fn is_one_cell(&self, first_end: i64, last_end: i64) -> bool;

    /// The cells for a row of `series` that ended at `at`; none when it is of no interest.
    fn cells(&mut self, series: u64, at: i64) -> Option<&mut Cells>;

    /// Adds what of a record lies in `window`.
    fn add_rows(&mut self, window: Window, rows: &Rows) {
        if !window.covers(rows.from, rows.at) {
            return;
        }
        let stream = self.stream();
        for (row, &series) in rows.series.iter().enumerate() {
            if let Some(cells) = self.cells(series, rows.at) {
                cells
                    .add(stream, (rows.from, rows.at), series, |column| (rows.columns[column][row], rows.at));
            }
        }
    }

    /// Adds what of a block lies in `window`; `records` are those of its segment's directory.
    fn add_block(&mut self, window: Window, records: &[(i64, i64)], block: &Block) {
        let stream = self.stream();
        let mut start = 0;
        for (&series, &count) in block.series.iter().zip(&block.counts) {
            let rows = start..start + count;
            start = rows.end;
            for row in rows {
                let (from, at) = records[block.records[row]];
                if !window.covers(from, at) {
                    continue;
                }
                let Some(cells) = self.cells(series, at) else { break };
                cells.add(stream, (from, at), series, |column| (block.columns[column][row], at));
            }
        }
    }

    /// Adds a whole segment.
    fn add_sums(&mut self, sums: &Sums) {
        let stream = self.stream();
        for (row, &series) in sums.series.iter().enumerate() {
            let span = (sums.first[row], sums.last[row]);
            if let Some(cells) = self.cells(series, span.1) {
                cells.add(stream, span, series, |column| {
                    (sums.columns[column][row], sums.stamps[column].get(row).copied().unwrap_or(span.1))
                });
            }
        }
    }
}

/// Everything, by group.
pub(super) struct Totals {
    pub(super) stream: &'static Stream,
    /// The group of each series that has an entry; one without is its own group.
    pub(super) groups: HashMap<u64, u64>,
    pub(super) cells: HashMap<u64, Cells>,
}

impl Totals {
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

    fn wants(&self, _first: u64, _last: u64) -> bool {
        true
    }

    fn is_one_cell(&self, _first_end: i64, _last_end: i64) -> bool {
        true
    }

    fn cells(&mut self, series: u64, _at: i64) -> Option<&mut Cells> {
        let group = self.groups.get(&series).copied().unwrap_or(series);
        Some(self.cells.entry(group).or_insert_with(|| Cells::new(self.stream)))
    }
}

/// A few series, by bucket of time.
pub(super) struct Buckets {
    pub(super) stream: &'static Stream,
    /// Ascending.
    pub(super) series: Vec<u64>,
    pub(super) bucket_ms: i64,
    pub(super) cells: BTreeMap<i64, Cells>,
}

impl Buckets {
    /// The start of the bucket in which a record that ends at `at` ends: a bucket is open at its start, as a window is.
    fn start(&self, at: i64) -> i64 {
        at.saturating_sub(1).div_euclid(self.bucket_ms).saturating_mul(self.bucket_ms)
    }

    pub(super) fn finish(self) -> Vec<Point> {
        self.cells.into_iter().map(|(ts, cells)| Point { ts: Timestamp(ts), values: cells.values }).collect()
    }
}

impl Gather for Buckets {
    fn stream(&self) -> &'static Stream {
        self.stream
    }

    fn wants(&self, first: u64, last: u64) -> bool {
        let next = self.series.partition_point(|&series| series < first);
        self.series.get(next).is_some_and(|&series| series <= last)
    }

    fn is_one_cell(&self, first_end: i64, last_end: i64) -> bool {
        self.start(first_end) == self.start(last_end)
    }

    fn cells(&mut self, series: u64, at: i64) -> Option<&mut Cells> {
        self.series.binary_search(&series).ok()?;
        let start = self.start(at);
        Some(self.cells.entry(start).or_insert_with(|| Cells::new(self.stream)))
    }
}
