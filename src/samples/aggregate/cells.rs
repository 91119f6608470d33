//! One row summed of many, and which of its columns.

use std::ops::Range;

use basira_actors::model::{ColumnKind, NULL, Stream};

use crate::samples::codec::Table;

/// Which columns of a stream are summed.
#[derive(Debug, Clone)]
pub(in crate::samples) struct Columns {
    pub(in crate::samples) stream: &'static Stream,
    mask: Vec<bool>,
    places: Vec<SummedColumn>,
}

/// A column that is summed; `newest` is its place among those that do not add up.
#[derive(Debug, Clone, Copy)]
struct SummedColumn {
    column: usize,
    newest: Option<usize>,
}

impl Columns {
    /// The columns at `wanted`; none: all.
    pub(in crate::samples) fn of(stream: &'static Stream, wanted: Option<&[usize]>) -> Self {
        let is_wanted = |column: &usize| wanted.is_none_or(|wanted| wanted.contains(column));
        let mask: Vec<bool> = (0..stream.columns.len()).map(|column| is_wanted(&column)).collect();
        let mut readings = 0;
        let mut places = Vec::new();
        for (column, described) in stream.columns.iter().enumerate() {
            let newest = (described.kind != ColumnKind::Sum).then_some(readings);
            readings += usize::from(newest.is_some());
            if mask[column] {
                places.push(SummedColumn { column, newest });
            }
        }
        Self { stream, mask, places }
    }

    pub(in crate::samples) fn all(stream: &'static Stream) -> Self {
        Self::of(stream, None)
    }

    /// The places of the columns that are summed, ascending.
    pub(in crate::samples) fn summed(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().map(|place| place.column)
    }

    /// For each column of the stream, whether it is wanted.
    pub(in crate::samples) fn mask(&self) -> &[bool] {
        &self.mask
    }
}

/// One row per stream column, summed.
#[derive(Debug, Clone)]
pub(in crate::samples) struct Cells {
    pub(in crate::samples) first: i64,
    pub(in crate::samples) last: i64,
    pub(in crate::samples) values: Vec<i64>,
    /// When, and by which series, the newest value of each column that does not add up was seen.
    newest: Vec<(i64, u64)>,
}

impl Cells {
    pub(in crate::samples) fn new(stream: &Stream) -> Self {
        let readings = stream.columns.iter().filter(|column| column.kind != ColumnKind::Sum).count();
        Self {
            first: i64::MAX,
            last: i64::MIN,
            values: vec![NULL; stream.columns.len()],
            newest: vec![(i64::MIN, 0); readings],
        }
    }

    /// Adds a row of `series` from `first` to `last`; `cell` gives a column's value and when it was read.
    pub(in crate::samples) fn add(
        &mut self,
        columns: &Columns,
        (first, last): (i64, i64),
        series: u64,
        cell: impl Fn(usize) -> (i64, i64),
    ) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        for &SummedColumn { column, newest } in &columns.places {
            let (value, read_at) = cell(column);
            match newest {
                None => add_up(&mut self.values[column], value),
                Some(newest) => {
                    take_newest(&mut self.newest[newest], &mut self.values[column], (read_at, series), value)
                }
            }
        }
    }

    /// Adds what others came to.
    pub(in crate::samples) fn merge(&mut self, columns: &Columns, others: &Self) {
        self.first = self.first.min(others.first);
        self.last = self.last.max(others.last);
        for &SummedColumn { column, newest } in &columns.places {
            let value = others.values[column];
            match newest {
                None => add_up(&mut self.values[column], value),
                Some(newest) => take_newest(
                    &mut self.newest[newest],
                    &mut self.values[column],
                    others.newest[newest],
                    value,
                ),
            }
        }
    }

    /// Adds `rows` of `table`, all of them of `series`, column by column.
    pub(in crate::samples) fn add_rows(
        &mut self,
        columns: &Columns,
        series: u64,
        (table, rows): (&Table, Range<usize>),
        records: &[(i64, i64)],
    ) {
        for row in rows.clone() {
            self.first = self.first.min(records[table.first(row)].0);
            self.last = self.last.max(records[table.last[row]].1);
        }
        for &SummedColumn { column, newest } in &columns.places {
            let Some(cells) = table.columns[column].get(rows.clone()) else { continue };
            match newest {
                None => cells.iter().for_each(|&value| add_up(&mut self.values[column], value)),
                Some(newest) => {
                    // of one series the last known value is the newest
                    if let Some(place) = cells.iter().rposition(|&value| value != NULL) {
                        let read = (records[table.last[rows.start + place]].1, series);
                        let stamp = &mut self.newest[newest];
                        take_newest(stamp, &mut self.values[column], read, cells[place]);
                    }
                }
            }
        }
    }

    /// When the newest value of each column was read; none for a column that adds up.
    pub(in crate::samples) fn stamps(&self, stream: &Stream) -> Vec<Option<i64>> {
        let mut newest = self.newest.iter();
        let kinds = stream.columns.iter().map(|column| column.kind);
        kinds
            .map(|kind| if kind == ColumnKind::Sum { None } else { newest.next().map(|stamp| stamp.0) })
            .collect()
    }
}

fn add_up(sum: &mut i64, value: i64) {
    if value == NULL {
        return;
    }
    // stays clear of NULL even when it saturates
    *sum = if *sum == NULL { value } else { sum.saturating_add(value).max(NULL + 1) };
}

fn take_newest(stamp: &mut (i64, u64), newest: &mut i64, read: (i64, u64), value: i64) {
    if value != NULL && *stamp <= read {
        (*stamp, *newest) = (read, value);
    }
}
