//! Rows of a few series, sorted by series, then time: what segments are made of.

use std::ops::Range;

use basira_actors::model::NULL;

/// Rows by column. A row stands for one record, or for the records of one series that were rolled up into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::samples) struct Table {
    /// Ascending, each once, with how many rows it has.
    pub(in crate::samples) series: Vec<u64>,
    pub(in crate::samples) counts: Vec<usize>,
    /// For each row, the record that it ends with: a place in the segment's list of records, ascending within a series.
    pub(in crate::samples) last: Vec<usize>,
    /// How many records before that the one lies that it starts with; empty when that is 0 for all.
    pub(in crate::samples) back: Vec<usize>,
    /// A column that is not known in any row, or was not asked for, is empty.
    pub(in crate::samples) columns: Vec<Vec<i64>>,
}

impl Table {
    pub(in crate::samples) fn new(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], ..Self::default() }
    }

    pub(in crate::samples) fn len(&self) -> usize {
        self.last.len()
    }

    pub(in crate::samples) fn cell(&self, column: usize, row: usize) -> i64 {
        self.columns[column].get(row).copied().unwrap_or(NULL)
    }

    /// The record that `row` starts with.
    pub(in crate::samples) fn first(&self, row: usize) -> usize {
        self.last[row].saturating_sub(self.back.get(row).copied().unwrap_or(0))
    }

    /// Each series with its rows.
    pub(in crate::samples) fn runs(&self) -> impl Iterator<Item = (u64, Range<usize>)> {
        let starts = self.counts.iter().scan(0, |end, &count| {
            *end += count;
            Some(*end - count..*end)
        });
        self.series.iter().copied().zip(starts)
    }

    /// Appends a row; its series is that of the row before or a larger one.
    pub(in crate::samples) fn push(&mut self, series: u64, (first, last): (usize, usize), cells: &[i64]) {
        match self.counts.last_mut() {
            Some(count) if self.series.last() == Some(&series) => *count += 1,
            _ => {
                self.series.push(series);
                self.counts.push(1);
            }
        }
        let rows = self.last.len();
        if first != last && self.back.is_empty() {
            self.back.resize(rows, 0);
        }
        if first != last || !self.back.is_empty() {
            self.back.push(last - first);
        }
        self.last.push(last);
        for (column, &cell) in self.columns.iter_mut().zip(cells) {
            if column.is_empty() && cell != NULL {
                column.resize(rows, NULL);
            }
            if !column.is_empty() || cell != NULL {
                column.push(cell);
            }
        }
    }
}
