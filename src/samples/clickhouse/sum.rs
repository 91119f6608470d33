//! Sums what ClickHouse and the local tail have, by group or by bucket of time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use basira_actors::model::{NULL, Stream};

use super::plan::bucket_of;
use crate::samples::aggregate::{Cells, Columns, Groups, timelines, wanted_series};
use crate::samples::codec::Rows;
use crate::samples::{Projection, Timeline, Timestamp, Total, Window};

/// Sums under way.
pub(super) struct Sum {
    pub(super) stream: &'static Stream,
    groups: Groups,
    /// How long the buckets of time are that are told apart; none: all is one.
    pub(super) bucket_ms: Option<i64>,
    /// Places of the columns that count, ascending.
    pub(super) columns: Vec<usize>,
    /// None: all.
    pub(super) series: Option<HashSet<u64>>,
    /// By group and start of the bucket.
    cells: BTreeMap<(u64, i64), Cells>,
    all: Columns,
}

impl Sum {
    /// The wanted series of `stream` by group, and by time when there are buckets.
    pub(super) fn new(
        stream: &'static Stream,
        groups: &Groups,
        wanted: &Projection,
        bucket_ms: Option<i64>,
    ) -> Self {
        Self {
            stream,
            groups: Arc::clone(groups),
            bucket_ms,
            columns: wanted.columns.clone().unwrap_or_else(|| (0..stream.columns.len()).collect()),
            series: wanted_series(groups, wanted).map(|series| series.into_iter().collect()),
            cells: BTreeMap::new(),
            all: Columns::all(stream),
        }
    }

    /// Adds what a series came to from the start to the end of `span`; `cell` gives a column's value and when it was read.
    pub(super) fn add(&mut self, series: u64, span: (i64, i64), cell: impl Fn(usize) -> (i64, i64)) {
        let group = self.groups.get(&series).copied().unwrap_or(series);
        let key = (group, self.bucket_ms.map_or(0, |bucket_ms| bucket_of(span.1, bucket_ms)));
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
        let total = |((group, _), cells): ((u64, i64), Cells)| Total {
            group,
            values: cells.values,
            first: Timestamp(cells.first),
            last: Timestamp(cells.last),
        };
        self.cells.into_iter().map(total).collect()
    }

    pub(super) fn into_timelines(self) -> Vec<Timeline> {
        timelines(self.cells)
    }
}
