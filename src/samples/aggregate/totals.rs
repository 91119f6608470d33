//! Everything, by group.

use basira_actors::model::{Stream, Timestamp};
use rustc_hash::FxHashMap;

use super::groups::wanted_series;
use super::{Accumulator, Cells, Columns, Groups};
use crate::samples::{Projection, Total};

/// The sums of each group.
pub(in crate::samples) struct Totals {
    columns: Columns,
    groups: Groups,
    series: Option<Vec<u64>>,
    /// Where the sums of a series are, as far as it was met.
    slots: FxHashMap<u64, usize>,
    slots_of_groups: FxHashMap<u64, usize>,
    sums: Vec<(u64, Cells)>,
}

impl Totals {
    pub(in crate::samples) fn new(stream: &'static Stream, groups: Groups, wanted: &Projection) -> Self {
        let series = wanted_series(&groups, wanted);
        Self {
            columns: Columns::of(stream, wanted.columns.as_deref()),
            groups,
            series,
            slots: FxHashMap::default(),
            slots_of_groups: FxHashMap::default(),
            sums: Vec::new(),
        }
    }

    pub(in crate::samples) fn finish(self) -> Vec<Total> {
        let total = |(group, cells): (u64, Cells)| Total {
            group,
            values: cells.values,
            first: Timestamp(cells.first),
            last: Timestamp(cells.last),
        };
        self.sums.into_iter().map(total).collect()
    }

    fn slot(&mut self, series: u64) -> usize {
        if let Some(&slot) = self.slots.get(&series) {
            return slot;
        }
        let group = self.groups.get(&series).copied().unwrap_or(series);
        let slot = *self.slots_of_groups.entry(group).or_insert_with(|| {
            self.sums.push((group, Cells::new(self.columns.stream)));
            self.sums.len() - 1
        });
        self.slots.insert(series, slot);
        slot
    }
}

impl Accumulator for Totals {
    fn columns(&self) -> &Columns {
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

    fn cells(&mut self, series: u64, _bucket: i64) -> Option<(&Columns, &mut Cells)> {
        let slot = self.slot(series);
        Some((&self.columns, &mut self.sums[slot].1))
    }
}
