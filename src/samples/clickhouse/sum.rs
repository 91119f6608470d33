//! Sums what ClickHouse and the local tail have, by group or by bucket of time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use basira_actors::model::{NULL, Stream};

use super::super::codec::Rows;
use super::super::fold::{Cells, Columns, Groups, members};
use super::super::{Point, Timestamp, Total, Wanted, Window};
use super::plan::bucket_of;

/// What is summed together.
pub(super) enum By {
    /// The group of each series that has an entry; one without is its own group.
    Group(Groups),
    Bucket(i64),
}

/// Sums under way.
pub(super) struct Sum {
    pub(super) stream: &'static Stream,
    pub(super) by: By,
    /// Places of the columns that count, ascending.
    pub(super) columns: Vec<usize>,
    /// None: all.
    pub(super) series: Option<HashSet<u64>>,
    /// The key is the bits of a group or of the start of a bucket.
    cells: BTreeMap<i64, Cells>,
    all: Columns,
}

impl Sum {
    /// Every series of `stream`, by group.
    pub(super) fn totals(stream: &'static Stream, groups: &Groups, wanted: &Wanted) -> Self {
        let columns = wanted.columns.clone().unwrap_or_else(|| (0..stream.columns.len()).collect());
        let series = wanted.groups.as_ref().map(|wanted| {
            let wanted: HashSet<u64> = wanted.iter().copied().collect();
            members(groups, |group| wanted.contains(&group), wanted.iter().copied()).into_iter().collect()
        });
        Self {
            stream,
            by: By::Group(Arc::clone(groups)),
            columns,
            series,
            cells: BTreeMap::new(),
            all: Columns::all(stream),
        }
    }

    /// Some series of `stream`, over time.
    pub(super) fn points(stream: &'static Stream, series: HashSet<u64>, bucket_ms: i64) -> Self {
        let columns = (0..stream.columns.len()).collect();
        Self {
            stream,
            by: By::Bucket(bucket_ms),
            columns,
            series: Some(series),
            cells: BTreeMap::new(),
            all: Columns::all(stream),
        }
    }

    /// Adds what a series came to from the start to the end of `span`; `cell` gives a column's value and when it was read.
    pub(super) fn add(&mut self, series: u64, span: (i64, i64), cell: impl Fn(usize) -> (i64, i64)) {
        let key = match &self.by {
            By::Group(groups) => groups.get(&series).copied().unwrap_or(series).cast_signed(),
            By::Bucket(bucket_ms) => bucket_of(span.1, *bucket_ms),
        };
        let cells = self.cells.entry(key).or_insert_with(|| Cells::new(self.stream));
        cells.add(&self.all, span, series, cell);
    }

    /// Adds a record that lies in `window`.
    pub(super) fn add_record(&mut self, window: Window, rows: &Rows) {
        if !window.covers(rows.from, rows.at) {
            return;
        }
        let counts: Vec<bool> =
            (0..self.stream.columns.len()).map(|place| self.columns.binary_search(&place).is_ok()).collect();
        for (row, &series) in rows.series.iter().enumerate() {
            if self.series.as_ref().is_none_or(|wanted| wanted.contains(&series)) {
                let cell = |place: usize| if counts[place] { rows.columns[place][row] } else { NULL };
                self.add(series, (rows.from, rows.at), |place| (cell(place), rows.at));
            }
        }
    }

    pub(super) fn into_totals(self) -> Vec<Total> {
        let total = |(group, cells): (i64, Cells)| Total {
            group: group.cast_unsigned(),
            values: cells.values,
            first: Timestamp(cells.first),
            last: Timestamp(cells.last),
        };
        self.cells.into_iter().map(total).collect()
    }

    pub(super) fn into_points(self) -> Vec<Point> {
        self.cells.into_iter().map(|(ts, cells)| Point { ts: Timestamp(ts), values: cells.values }).collect()
    }
}
