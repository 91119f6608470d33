//! Where rows go while they are read.

use basira_actors::model::{NULL, Stream};

use super::{Cells, Columns, CompactRecord, Summed};
use crate::samples::Window;
use crate::samples::codec::{Sums, Table};

/// Takes rows in whatever form they are stored.
pub(in crate::samples) trait Accumulator: Send + 'static {
    fn columns(&self) -> &Columns;

    /// The series of interest, ascending; none when all are.
    fn series(&self) -> Option<&[u64]>;

    /// Into which cells of its group a row that ends at `at` goes.
    fn bucket(&self, at: i64) -> i64;

    /// Whether rows that were rolled up to so many milliseconds go into the same cells as what they were made of.
    fn accepts(&self, resolution_ms: i64) -> bool;

    /// The cells for rows of `series` in a bucket, and which columns are summed; none when it is of no interest.
    fn cells(&mut self, series: u64, bucket: i64) -> Option<(&Columns, &mut Cells)>;

    fn stream(&self) -> &'static Stream {
        self.columns().stream
    }

    /// Whether any series from `first` to `last` is of interest.
    fn wants(&self, first: u64, last: u64) -> bool {
        self.series().is_none_or(|series| {
            let next = series.partition_point(|&series| series < first);
            series.get(next).is_some_and(|&series| series <= last)
        })
    }

    /// Adds a row of `series` from the start to the end of `span`; `cell` gives the value of a column and when it was read.
    fn add_row(&mut self, series: u64, span: (i64, i64), cell: impl Fn(usize) -> (i64, i64))
    where
        Self: Sized,
    {
        let bucket = self.bucket(span.1);
        if let Some((columns, cells)) = self.cells(series, bucket) {
            cells.add(columns, span, series, cell);
        }
    }

    /// Adds what of a record lies in `window`.
    fn add_record(&mut self, window: Window, record: &CompactRecord) {
        if !window.covers(record.at) {
            return;
        }
        let bucket = self.bucket(record.at);
        let rows = self.series().map(|wanted| places(wanted, &record.series));
        let mut add = |row: usize| {
            let series = record.series[row];
            if let Some((columns, cells)) = self.cells(series, bucket) {
                let span = (record.from, record.at);
                cells.add(columns, span, series, |column| (record.cell(column, row), record.at));
            }
        };
        match rows {
            Some(rows) => rows.into_iter().for_each(&mut add),
            None => (0..record.series.len()).for_each(&mut add),
        }
    }

    /// Adds what of `table` lies in `window`; `records` are those of its segment.
    fn add_table(&mut self, window: Window, records: &[(i64, i64)], table: &Table) {
        let end_of = |row: usize| records[table.last[row]].1;
        let counts = |row: usize| window.covers(end_of(row));
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
                let Some((columns, cells)) = self.cells(series, bucket) else { break };
                cells.add_rows(columns, series, (table, start..end), records);
                start = end;
            }
        }
    }

    /// Adds a whole segment.
    fn add_sums(&mut self, sums: &Sums) {
        let rows = self.series().map(|wanted| places(wanted, &sums.series));
        let mut add = |row: usize| {
            let (series, span) = (sums.series[row], (sums.first[row], sums.last[row]));
            let bucket = self.bucket(span.1);
            if let Some((columns, cells)) = self.cells(series, bucket) {
                let of_row = |values: &[i64], otherwise| values.get(row).copied().unwrap_or(otherwise);
                cells.add(columns, span, series, |column| {
                    (of_row(&sums.columns[column], NULL), of_row(&sums.stamps[column], span.1))
                });
            }
        };
        match rows {
            Some(rows) => rows.into_iter().for_each(&mut add),
            None => (0..sums.series.len()).for_each(&mut add),
        }
    }

    /// Adds records that are summed already, all of which go into one cell.
    fn add_summed(&mut self, summed: &Summed) {
        for (&series, sum) in &summed.cells {
            let bucket = self.bucket(sum.last);
            if let Some((columns, cells)) = self.cells(series, bucket) {
                cells.merge(columns, sum);
            }
        }
    }
}

/// Where those of `wanted` stand that are in `series`; both ascend.
fn places(wanted: &[u64], series: &[u64]) -> Vec<usize> {
    wanted.iter().filter_map(|wanted| series.binary_search(wanted).ok()).collect()
}
