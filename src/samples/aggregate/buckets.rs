//! Groups over time.

use std::collections::BTreeMap;

use basira_actors::model::{Stream, Timestamp};

use super::groups::wanted_series;
use super::{Accumulator, Cells, Columns, Groups};
use crate::samples::{Point, Projection, Timeline};

/// The sums of each group by bucket of time.
pub(in crate::samples) struct Buckets {
    columns: Columns,
    groups: Groups,
    series: Option<Vec<u64>>,
    bucket_ms: i64,
    cells: BTreeMap<(u64, i64), Cells>,
}

impl Buckets {
    pub(in crate::samples) fn new(
        stream: &'static Stream,
        groups: Groups,
        wanted: &Projection,
        bucket_ms: i64,
    ) -> Self {
        let series = wanted_series(&groups, wanted);
        let columns = Columns::of(stream, wanted.columns.as_deref());
        Self { columns, groups, series, bucket_ms: bucket_ms.max(1), cells: BTreeMap::new() }
    }

    pub(in crate::samples) fn finish(self) -> Vec<Timeline> {
        timelines(self.cells)
    }
}

/// What is in each bucket of each group, as it is answered.
fn timelines(cells: BTreeMap<(u64, i64), Cells>) -> Vec<Timeline> {
    let mut timelines: Vec<Timeline> = Vec::new();
    for ((group, ts), cells) in cells {
        let point = Point { ts: Timestamp(ts), values: cells.values };
        match timelines.last_mut() {
            Some(timeline) if timeline.group == group => timeline.points.push(point),
            _ => timelines.push(Timeline { group, points: vec![point] }),
        }
    }
    timelines
}

impl Accumulator for Buckets {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn series(&self) -> Option<&[u64]> {
        self.series.as_deref()
    }

    /// The start of the bucket in which a record that ends at `at` ends: a bucket is open at its start, as a window is.
    fn bucket(&self, at: i64) -> i64 {
        at.saturating_sub(1).div_euclid(self.bucket_ms).saturating_mul(self.bucket_ms)
    }

    fn accepts(&self, resolution_ms: i64) -> bool {
        resolution_ms > 0 && self.bucket_ms % resolution_ms == 0
    }

    fn cells(&mut self, series: u64, bucket: i64) -> Option<(&Columns, &mut Cells)> {
        let group = self.groups.get(&series).copied().unwrap_or(series);
        let cells = self.cells.entry((group, bucket)).or_insert_with(|| Cells::new(self.columns.stream));
        Some((&self.columns, cells))
    }
}
