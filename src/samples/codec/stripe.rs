//! Some ten thousand rows packed together: statistics per column once, and pages of a few series that are read alone.

use basira_actors::model::{ColumnKind, NULL, Stream};
use pco::DecompressorScratch;

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending};
use super::frame::{self, Kind};
use super::numbers::{Nature, Packed, Unpacker, pack};
use super::predict::Predictor;
use super::table::Table;

/// A page is closed at so many rows: small enough to open many for one series, large enough to pack well.
const PAGE_ROWS: usize = 1_024;
/// Rows on which predictors are tried.
const SAMPLE_ROWS: usize = 4_096;

const UNKNOWN: u8 = 0;
const ZERO: u8 = 1;
const DENSE: u8 = 2;
const SPARSE: u8 = 3;

/// A packed stripe.
pub(in crate::samples) struct PackedStripe {
    /// What is needed to open any page.
    pub(in crate::samples) head: Vec<u8>,
    pub(in crate::samples) pages: Vec<PackedPage>,
}

/// A page, and what a reader must know to leave it alone.
pub(in crate::samples) struct PackedPage {
    pub(in crate::samples) series: (u64, u64),
    pub(in crate::samples) rows: usize,
    pub(in crate::samples) bytes: Vec<u8>,
}

/// Packs `table`, which has at least one row.
pub(in crate::samples) fn pack_stripe(stream: &Stream, table: &Table) -> Result<PackedStripe, CodecError> {
    let runs = page_runs(table);
    let rows: Vec<usize> = runs.iter().map(|runs| table.counts[runs.clone()].iter().sum()).collect();
    let mut pages: Vec<Vec<u8>> = runs
        .iter()
        .map(|runs| {
            let mut out = Vec::new();
            put(&mut out, runs.len() as u64);
            put_ascending(&mut out, &table.series[runs.clone()]);
            table.counts[runs.clone()].iter().for_each(|&count| put(&mut out, count as u64));
            out
        })
        .collect();
    let mut head = Vec::new();
    put_packed(&mut head, &mut pages, pack(&steps(table), &rows, Nature::Quantities)?);
    head.push(u8::from(!table.back.is_empty()));
    if !table.back.is_empty() {
        let back: Vec<i64> = table.back.iter().map(|&back| back as i64).collect();
        put_packed(&mut head, &mut pages, pack(&back, &rows, Nature::Quantities)?);
    }
    put(&mut head, table.columns.len() as u64);
    for column in 0..table.columns.len() {
        put_column(&mut head, &mut pages, stream, table, column, &rows)?;
    }
    let mut packed = Vec::with_capacity(pages.len());
    for ((runs, rows), bytes) in runs.into_iter().zip(rows).zip(pages) {
        let series = (table.series[runs.start], table.series[runs.end - 1]);
        packed.push(PackedPage { series, rows, bytes: frame::close(Kind::Page, &bytes)? });
    }
    Ok(PackedStripe { head, pages: packed })
}

/// Which series go into which page; a series is never split.
fn page_runs(table: &Table) -> Vec<std::ops::Range<usize>> {
    let mut pages = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (place, count) in table.counts.iter().enumerate() {
        rows += count;
        if rows >= PAGE_ROWS || place + 1 == table.counts.len() {
            pages.push(start..place + 1);
            (start, rows) = (place + 1, 0);
        }
    }
    pages
}

/// Records from row to row within a series; its first row counts from the first record.
fn steps(table: &Table) -> Vec<i64> {
    let mut steps = Vec::with_capacity(table.len());
    for (_, run) in table.runs() {
        let mut before = 0;
        for &last in &table.last[run] {
            steps.push((last - before) as i64);
            before = last;
        }
    }
    steps
}

fn put_packed(head: &mut Vec<u8>, pages: &mut [Vec<u8>], packed: Packed) {
    put(head, packed.chunk.len() as u64);
    head.extend(packed.chunk);
    for (out, page) in pages.iter_mut().zip(packed.pages) {
        put(out, page.len() as u64);
        out.extend(page);
    }
}

fn put_column(
    head: &mut Vec<u8>,
    pages: &mut [Vec<u8>],
    stream: &Stream,
    table: &Table,
    column: usize,
    rows: &[usize],
) -> Result<(), CodecError> {
    let cells = &table.columns[column];
    if cells.iter().all(|&cell| cell == NULL) {
        head.push(UNKNOWN);
        return Ok(());
    }
    if cells.iter().all(|&cell| cell == 0) {
        head.push(ZERO);
        return Ok(());
    }
    let is_sparse = cells.contains(&NULL);
    head.push(if is_sparse { SPARSE } else { DENSE });
    if is_sparse {
        let known: Vec<i64> = cells.iter().map(|&cell| i64::from(cell != NULL)).collect();
        put_packed(head, pages, pack(&known, rows, Nature::Quantities)?);
    }
    let (predictor, nature) = choose(stream, table, column)?;
    put(head, predictor.code());
    let differences = predictor.differences(table, column, table.len());
    put_packed(head, pages, pack(&differences, rows, nature)?);
    Ok(())
}

/// The predictor under which a sample packs best.
fn choose(stream: &Stream, table: &Table, column: usize) -> Result<(Predictor, Nature), CodecError> {
    let kind = stream.columns.get(column).map(|column| column.kind);
    if kind == Some(ColumnKind::Text) {
        return Ok((Predictor::Zero, Nature::Names));
    }
    let rows = table.len().min(SAMPLE_ROWS);
    let mut candidates = vec![Predictor::Zero];
    if kind == Some(ColumnKind::Last) {
        candidates.push(Predictor::Previous);
    } else {
        let ratios = (0..column).filter(|&base| !table.columns[base].is_empty()).map(Predictor::Ratio);
        candidates.extend(ratios.min_by_key(|ratio| bits(&ratio.differences(table, column, rows))));
    }
    let mut best = (usize::MAX, Predictor::Zero);
    for candidate in candidates {
        let packed = pack(&candidate.differences(table, column, rows), &[rows], Nature::Quantities)?;
        let size = packed.chunk.len() + packed.pages.iter().map(Vec::len).sum::<usize>();
        if size < best.0 {
            best = (size, candidate);
        }
    }
    Ok((best.1, Nature::Quantities))
}

/// Roughly what numbers take.
fn bits(numbers: &[i64]) -> u64 {
    numbers.iter().map(|number| u64::from(64 - number.unsigned_abs().leading_zeros())).sum()
}

/// A column as a page has it.
enum Column {
    /// Neither stored nor asked for.
    Absent,
    Zero,
    Stored(Box<Stored>),
    /// Stored but not asked for: how many parts of a page to step over.
    Skipped(usize),
}

/// A column whose pages can be unpacked.
struct Stored {
    /// Tells which cells there are; none: all.
    known: Option<Unpacker>,
    predictor: Predictor,
    differences: Unpacker,
}

/// The head of a stripe, ready to open its pages.
pub(in crate::samples) struct Stripe {
    steps: Unpacker,
    back: Option<Unpacker>,
    columns: Vec<Column>,
    wanted: usize,
}

impl Stripe {
    /// Opens a head for as many columns as `wanted` has; those that it says no to are left unknown, unless another needs them.
    pub(in crate::samples) fn open(head: &[u8], wanted: &[bool]) -> Result<Self, CodecError> {
        let mut bytes = Bytes(head);
        let steps = Unpacker::new(bytes.part()?)?;
        let back = match bytes.byte()? {
            0 => None,
            _ => Some(Unpacker::new(bytes.part()?)?),
        };
        let stored = bytes.count()?;
        let raw =
            (0..stored).map(|column| RawColumn::read(&mut bytes, column)).collect::<Result<Vec<_>, _>>()?;
        let mut needed = wanted.to_vec();
        needed.resize(stored.max(wanted.len()), false);
        for (column, raw) in raw.iter().enumerate().rev() {
            if let (true, RawColumn::Stored { predictor: Predictor::Ratio(base), .. }) = (needed[column], raw)
            {
                needed[*base] = true;
            }
        }
        let columns =
            raw.iter().zip(needed).map(|(raw, needed)| raw.open(needed)).collect::<Result<_, _>>()?;
        Ok(Self { steps, back, columns, wanted: wanted.len() })
    }

    /// The rows of a page of `rows`, of a segment of `records` records.
    pub(in crate::samples) fn page(
        &self,
        frame: &[u8],
        rows: usize,
        records: usize,
        scratch: &mut DecompressorScratch,
    ) -> Result<Table, CodecError> {
        let raw = frame::open(Kind::Page, frame)?;
        let mut bytes = Bytes(&raw);
        let series = bytes.count()?;
        let series = bytes.ascending(series)?;
        let counts = series.iter().map(|_| bytes.count_upto(rows)).collect::<Result<Vec<_>, _>>()?;
        if counts.iter().sum::<usize>() != rows {
            return Err(CodecError::Malformed);
        }
        let mut table = Table { series, counts, ..Table::default() };
        let steps = self.steps.page(bytes.part()?, rows, scratch)?;
        table.last = places(&table, &steps, records)?;
        if let Some(back) = &self.back {
            let back = back.page(bytes.part()?, rows, scratch)?;
            table.back = back.into_iter().map(|back| usize::try_from(back).unwrap_or(0)).collect();
        }
        for column in &self.columns {
            let cells = column.cells(&mut bytes, &table, scratch)?;
            table.columns.push(cells);
        }
        table.columns.resize_with(self.wanted, Vec::new);
        Ok(table)
    }
}

/// The records that rows end with.
fn places(table: &Table, steps: &[i64], records: usize) -> Result<Vec<usize>, CodecError> {
    let mut places = Vec::with_capacity(steps.len());
    for (_, run) in table.runs() {
        let mut place = 0_usize;
        for &step in &steps[run] {
            let step = usize::try_from(step).map_err(|_| CodecError::Malformed)?;
            place = place.saturating_add(step);
            if place >= records {
                return Err(CodecError::Malformed);
            }
            places.push(place);
        }
    }
    Ok(places)
}

/// A column as a head has it.
enum RawColumn<'a> {
    Unknown,
    Zero,
    Stored { known: Option<&'a [u8]>, predictor: Predictor, differences: &'a [u8] },
}

impl<'a> RawColumn<'a> {
    fn read(bytes: &mut Bytes<'a>, column: usize) -> Result<Self, CodecError> {
        let shape = bytes.byte()?;
        match shape {
            UNKNOWN => Ok(Self::Unknown),
            ZERO => Ok(Self::Zero),
            DENSE | SPARSE => {
                let known = if shape == SPARSE { Some(bytes.part()?) } else { None };
                let predictor = Predictor::read(bytes, column)?;
                Ok(Self::Stored { known, predictor, differences: bytes.part()? })
            }
            _ => Err(CodecError::Malformed),
        }
    }

    fn open(&self, needed: bool) -> Result<Column, CodecError> {
        match self {
            Self::Unknown => Ok(Column::Absent),
            Self::Zero => Ok(if needed { Column::Zero } else { Column::Absent }),
            Self::Stored { known, .. } if !needed => Ok(Column::Skipped(1 + usize::from(known.is_some()))),
            Self::Stored { known, predictor, differences } => Ok(Column::Stored(Box::new(Stored {
                known: known.map(Unpacker::new).transpose()?,
                predictor: *predictor,
                differences: Unpacker::new(differences)?,
            }))),
        }
    }
}

impl Column {
    fn cells(
        &self,
        bytes: &mut Bytes<'_>,
        table: &Table,
        scratch: &mut DecompressorScratch,
    ) -> Result<Vec<i64>, CodecError> {
        match self {
            Self::Absent => Ok(Vec::new()),
            Self::Zero => Ok(vec![0; table.len()]),
            Self::Skipped(parts) => {
                for _ in 0..*parts {
                    bytes.part()?;
                }
                Ok(Vec::new())
            }
            Self::Stored(stored) => {
                let Stored { known, predictor, differences } = &**stored;
                let known = match known {
                    Some(known) => Some(known.page(bytes.part()?, table.len(), scratch)?),
                    None => None,
                };
                let differences = differences.page(bytes.part()?, table.len(), scratch)?;
                if known.is_none() && *predictor == Predictor::Zero {
                    return Ok(differences);
                }
                let is_known = |row| known.as_ref().is_none_or(|known: &Vec<i64>| known[row] != 0);
                Ok(predictor.restore(table, differences, is_known))
            }
        }
    }
}
