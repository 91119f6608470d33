//! Records that were summed before.

use basira_actors::model::Stream;
use rustc_hash::FxHashMap;

use super::{Cells, Columns, CompactRecord};

/// Records that were summed before, by series, to be summed again by group.
#[derive(Debug, Clone)]
pub(in crate::samples) struct Summed {
    /// The ends of the records, ascending.
    pub(in crate::samples) ends: Vec<i64>,
    columns: Columns,
    pub(super) cells: FxHashMap<u64, Cells>,
}

impl Summed {
    pub(in crate::samples) fn new(stream: &'static Stream) -> Self {
        Self { ends: Vec::new(), columns: Columns::all(stream), cells: FxHashMap::default() }
    }

    /// Adds a record that ends after all of those before.
    pub(in crate::samples) fn add(&mut self, record: &CompactRecord) {
        self.ends.push(record.at);
        for (row, &series) in record.series.iter().enumerate() {
            let cells = self.cells.entry(series).or_insert_with(|| Cells::new(self.columns.stream));
            let span = (record.from, record.at);
            cells.add(&self.columns, span, series, |column| (record.cell(column, row), record.at));
        }
    }

    /// Roughly, in memory.
    pub(in crate::samples) fn bytes(&self) -> usize {
        self.cells.len() * (size_of::<Cells>() + self.columns.stream.columns.len() * 2 * size_of::<i64>())
    }
}
