//! One group over time.

use std::collections::BTreeMap;

use basira_actors::model::{Stream, Timestamp};

use super::{Cells, Columns, Gather, Groups, members};
use crate::samples::Point;

/// The series of one group, by bucket of time.
pub(in crate::samples) struct Buckets {
    columns: Columns,
    series: Vec<u64>,
    bucket_ms: i64,
    cells: BTreeMap<i64, Cells>,
}

impl Buckets {
    pub(in crate::samples) fn new(
        stream: &'static Stream,
        groups: &Groups,
        group: u64,
        bucket_ms: i64,
    ) -> Self {
        let series = members(groups, |of_series| of_series == group, std::iter::once(group));
        let columns = Columns::all(stream);
        Self { columns, series, bucket_ms: bucket_ms.max(1), cells: BTreeMap::new() }
    }

    pub(in crate::samples) fn finish(self) -> Vec<Point> {
        self.cells.into_iter().map(|(ts, cells)| Point { ts: Timestamp(ts), values: cells.values }).collect()
    }
}

impl Gather for Buckets {
    fn columns(&self) -> &Columns {
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

    fn cells(&mut self, _series: u64, bucket: i64) -> Option<(&Columns, &mut Cells)> {
        let cells = self.cells.entry(bucket).or_insert_with(|| Cells::new(self.columns.stream));
        Some((&self.columns, cells))
    }
}
