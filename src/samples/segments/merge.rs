//! Rolls the segments of a day up: reads them side by side, some series at a time, and makes one segment per resolution.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use basira_actors::model::{ColumnKind, NULL, Stream};
use pco::DecompressorScratch;

use super::read::open_page;
use super::write::{STRIPE_ROWS, Segment, Writer};
use crate::samples::aggregate::{Cells, Columns};
use crate::samples::codec::{CodecError, Head, Stripe, Sums, Table};
use crate::samples::retention::Resolution;

/// A segment that is merged.
pub(in crate::samples) struct Piece {
    pub(in crate::samples) head: Head,
    /// The place of each of its records among all.
    places: Vec<usize>,
    stripes: HashMap<usize, Stripe>,
}

/// A merge under way.
pub(in crate::samples) struct Merge {
    stream: &'static Stream,
    pub(in crate::samples) pieces: Vec<Piece>,
    records: Vec<(i64, i64)>,
    sums: Sums,
    minutes: Rolled,
    hours: Rolled,
    words: HashSet<u64>,
    scratch: DecompressorScratch,
}

/// What a merge makes.
pub(in crate::samples) struct Merged {
    pub(in crate::samples) segments: [(Resolution, Segment); 2],
    /// Who was there, and which words were named.
    pub(in crate::samples) series: Vec<u64>,
    pub(in crate::samples) words: HashSet<u64>,
}

/// One resolution under way.
struct Rolled {
    millis: i64,
    table: Table,
    writer: Writer,
}

/// A row on its way into the merged order.
struct Row {
    series: u64,
    first: usize,
    last: usize,
    /// Which of the opened pages, and where in it.
    page: usize,
    row: usize,
}

/// A stretch that could not be read.
pub(in crate::samples) type Unreadable = (i64, i64, CodecError);

impl Merge {
    pub(in crate::samples) fn new(stream: &'static Stream, heads: Vec<Head>) -> Self {
        let mut all: Vec<((i64, i64), usize, usize)> = Vec::new();
        for (piece, head) in heads.iter().enumerate() {
            all.extend(head.records.iter().enumerate().map(|(place, &record)| (record, piece, place)));
        }
        all.sort_unstable_by_key(|&((from, at), piece, place)| (at, from, piece, place));
        let empty = |head: Head| Piece { places: vec![0; head.records.len()], head, stripes: HashMap::new() };
        let mut pieces: Vec<Piece> = heads.into_iter().map(empty).collect();
        for (place, &(_, piece, of_piece)) in all.iter().enumerate() {
            pieces[piece].places[of_piece] = place;
        }
        Self {
            stream,
            pieces,
            records: all.into_iter().map(|(record, ..)| record).collect(),
            sums: Sums::new(stream),
            minutes: Rolled::new(stream, Resolution::Minute),
            hours: Rolled::new(stream, Resolution::Hour),
            words: HashSet::new(),
            scratch: DecompressorScratch::default(),
        }
    }

    /// Ranges of series, first to last, that hold some [`STRIPE_ROWS`] rows each and everything together.
    pub(in crate::samples) fn ranges(&self) -> Vec<(u64, u64)> {
        let mut pages: Vec<(u64, usize)> = Vec::new();
        for piece in &self.pieces {
            pages.extend(piece.head.pages.iter().map(|page| (page.last_series, page.rows)));
        }
        pages.sort_unstable();
        let (mut ranges, mut first, mut rows) = (Vec::new(), 0, 0);
        for (last, more) in pages {
            rows += more;
            if rows >= STRIPE_ROWS && last < u64::MAX {
                ranges.push((first, last));
                (first, rows) = (last + 1, 0);
            }
        }
        ranges.push((first, u64::MAX));
        ranges
    }

    /// The blocks of a piece that have series of `range`.
    pub(in crate::samples) fn blocks(&self, piece: usize, range: (u64, u64)) -> Range<usize> {
        let head = &self.pieces[piece].head;
        let wanted = |&block: &usize| {
            let mut pages = head.pages[head.pages_of(block)].iter();
            pages.any(|page| page.first_series <= range.1 && page.last_series >= range.0)
        };
        match ((0..head.blocks()).find(wanted), (0..head.blocks()).rfind(wanted)) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        }
    }

    /// Adds the series of `range`, given the blocks of each piece; what cannot be read is left out and told.
    pub(in crate::samples) fn add(
        &mut self,
        range: (u64, u64),
        blocks: &HashMap<(usize, usize), Vec<u8>>,
    ) -> Result<Vec<Unreadable>, CodecError> {
        let (mut rows, mut pages, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (&(piece, block), data) in blocks {
            if let Err(error) = self.open(range, (piece, block), data, &mut rows, &mut pages) {
                let records = &self.pieces[piece].head.records;
                let from = records.iter().map(|record| record.0).min().unwrap_or_default();
                let to = records.iter().map(|record| record.1).max().unwrap_or_default();
                unreadable.push((from, to, error));
            }
        }
        rows.sort_unstable_by_key(|row| (row.series, row.last));
        let mut table = Table::new(self.stream.columns.len());
        let mut cells = vec![0; self.stream.columns.len()];
        for Row { series, first, last, page, row } in rows {
            let page: &Table = &pages[page];
            cells.iter_mut().enumerate().for_each(|(column, cell)| *cell = page.cell(column, row));
            table.push(series, (first, last), &cells);
        }
        self.note_words(&table);
        self.sums.add(self.stream, &table, &self.records);
        self.minutes.add(self.stream, &table, &self.records)?;
        self.hours.add(self.stream, &table, &self.records)?;
        Ok(unreadable)
    }

    /// Opens the pages of a block that have series of `range`.
    fn open(
        &mut self,
        range: (u64, u64),
        (piece, block): (usize, usize),
        data: &[u8],
        rows: &mut Vec<Row>,
        pages: &mut Vec<Table>,
    ) -> Result<(), CodecError> {
        let Piece { head, places, stripes } = &mut self.pieces[piece];
        let wanted = vec![true; self.stream.columns.len()];
        let mut outcome = Ok(());
        for (page, bytes) in head.slices(block, data) {
            if page.first_series > range.1 || page.last_series < range.0 {
                continue;
            }
            let table = open_page(head, page.stripe, &wanted, stripes).and_then(|stripe| {
                let bytes = bytes.ok_or(CodecError::Truncated)?;
                stripe.page(bytes, page.rows, head.records.len(), &mut self.scratch)
            });
            match table {
                Ok(table) => {
                    let here = table.runs().filter(|(series, _)| (range.0..=range.1).contains(series));
                    for (series, run) in here {
                        rows.extend(run.map(|row| {
                            let (first, last) = (places[table.first(row)], places[table.last[row]]);
                            Row { series, first, last, page: pages.len(), row }
                        }));
                    }
                    pages.push(table);
                }
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// The minutes, and the hours with sums of all.
    pub(in crate::samples) fn finish(self) -> Result<Merged, CodecError> {
        let minutes = self.minutes.finish(self.records.clone(), None)?;
        let hours = self.hours.finish(self.records, Some(&self.sums))?;
        let segments = [(Resolution::Minute, minutes), (Resolution::Hour, hours)];
        Ok(Merged { segments, series: self.sums.series, words: self.words })
    }

    /// Every word that `table` has.
    fn note_words(&mut self, table: &Table) {
        for (column, cells) in self.stream.columns.iter().zip(&table.columns) {
            if column.kind == ColumnKind::Text {
                self.words
                    .extend(cells.iter().filter(|&&cell| cell != NULL).map(|cell| cell.cast_unsigned()));
            }
        }
    }
}

impl Rolled {
    fn new(stream: &'static Stream, resolution: Resolution) -> Self {
        let table = Table::new(stream.columns.len());
        Self { millis: resolution.millis(), table, writer: Writer::new(stream) }
    }

    /// Makes one row of all rows of a series that end in the same bucket.
    fn add(
        &mut self,
        stream: &'static Stream,
        table: &Table,
        records: &[(i64, i64)],
    ) -> Result<(), CodecError> {
        // open at its start, as a window is
        let bucket = |row: &usize| records[table.last[*row]].1.saturating_sub(1).div_euclid(self.millis);
        let columns = Columns::all(stream);
        for (series, run) in table.runs() {
            let mut start = run.start;
            while start < run.end {
                let together = |row: &usize| bucket(row) == bucket(&start);
                let end = start + (start..run.end).take_while(together).count();
                let mut cells = Cells::new(stream);
                cells.add_rows(&columns, series, (table, start..end), records);
                let first = (start..end).map(|row| table.first(row)).min_by_key(|&first| records[first].0);
                let last = table.last[end - 1];
                self.table.push(series, (first.unwrap_or(last).min(last), last), &cells.values);
                start = end;
            }
        }
        if self.table.len() >= STRIPE_ROWS {
            let table = std::mem::replace(&mut self.table, Table::new(stream.columns.len()));
            self.writer.push(&table)?;
        }
        Ok(())
    }

    fn finish(mut self, records: Vec<(i64, i64)>, sums: Option<&Sums>) -> Result<Segment, CodecError> {
        self.writer.push(&self.table)?;
        self.writer.finish(records, sums)
    }
}
