//! Puts stripes behind one another, and sums them on the way.

use basira_actors::model::Stream;

use crate::samples::aggregate::{Cells, Columns};
use crate::samples::codec::{CodecError, Head, PagePlace, Sums, Table, pack_stripe};

/// Rows held at a time: bounds the memory of sealing and rolling up to some 12 MB, whatever the size of a segment.
pub(super) const STRIPE_ROWS: usize = 65_536;

/// A sealed stretch of one stream, ready to be stored.
#[derive(Debug, Default)]
pub(in crate::samples) struct Segment {
    /// From and at of the records it was made of, in order of `at`.
    pub(in crate::samples) records: Vec<(i64, i64)>,
    pub(in crate::samples) row_count: usize,
    pub(in crate::samples) head: Vec<u8>,
    /// Empty when none were asked for.
    pub(in crate::samples) sums: Vec<u8>,
    pub(in crate::samples) blocks: Vec<Vec<u8>>,
}

impl Segment {
    /// What it takes when stored.
    pub(in crate::samples) fn bytes(&self) -> usize {
        self.head.len() + self.sums.len() + self.blocks.iter().map(Vec::len).sum::<usize>()
    }
}

/// A segment under way.
pub(super) struct Writer {
    stream: &'static Stream,
    head: Head,
    pages: Vec<Vec<u8>>,
    row_count: usize,
}

impl Writer {
    pub(super) fn new(stream: &'static Stream) -> Self {
        Self { stream, head: Head::default(), pages: Vec::new(), row_count: 0 }
    }

    /// Appends rows; their series come after all of those before.
    pub(super) fn push(&mut self, table: &Table) -> Result<(), CodecError> {
        if table.len() == 0 {
            return Ok(());
        }
        let packed = pack_stripe(self.stream, table)?;
        let stripe = self.head.stripes.len();
        self.head.stripes.push(packed.head);
        for page in packed.pages {
            self.head.pages.push(PagePlace {
                first_series: page.series.0,
                last_series: page.series.1,
                rows: page.rows,
                bytes: page.bytes.len(),
                stripe,
            });
            self.pages.push(page.bytes);
        }
        self.row_count += table.len();
        Ok(())
    }

    pub(super) fn finish(
        mut self,
        records: Vec<(i64, i64)>,
        sums: Option<&Sums>,
    ) -> Result<Segment, CodecError> {
        self.head.records = records;
        let blocks =
            (0..self.head.blocks()).map(|block| self.pages[self.head.pages_of(block)].concat()).collect();
        let sums = sums.map(|sums| sums.encode(self.stream)).transpose()?.unwrap_or_default();
        let head = self.head.encode()?;
        Ok(Segment { records: self.head.records, row_count: self.row_count, head, sums, blocks })
    }
}

impl Sums {
    pub(super) fn new(stream: &Stream) -> Self {
        let empty = vec![Vec::new(); stream.columns.len()];
        Self { columns: empty.clone(), stamps: empty, ..Self::default() }
    }

    /// Adds all rows of `table`; their series come after all of those before.
    pub(super) fn add(&mut self, stream: &'static Stream, table: &Table, records: &[(i64, i64)]) {
        let columns = Columns::all(stream);
        for (series, run) in table.runs() {
            let mut cells = Cells::new(stream);
            cells.add_rows(&columns, series, (table, run), records);
            self.series.push(series);
            self.first.push(cells.first);
            self.last.push(cells.last);
            self.columns.iter_mut().zip(&cells.values).for_each(|(column, &value)| column.push(value));
            for (column, stamp) in self.stamps.iter_mut().zip(cells.stamps(stream)) {
                column.extend(stamp);
            }
        }
    }
}
