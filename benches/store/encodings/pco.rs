//! Columns of the crate pco, in pages that can be read one by one; counters as they are, or what is left of them after
//! a guess from the calls of the same row.

use basira_benches::Failure;
use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, PagingSpec};

use super::Encoding;
use super::bytes::{Reader, Writer};
use super::segment::Segment;

const LEVEL: usize = 8;
/// A page ends with the series that brings it to so many rows.
const PAGE_ROWS: usize = 1_024;

pub(super) enum Pco {
    Plain,
    /// Each counter is guessed: calls x what it came to per call in the rows before of the series.
    Guessed,
}

impl Encoding for Pco {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "pco columns",
            Self::Guessed => "pco, guessed from calls",
        }
    }

    fn encode(&self, segment: &Segment) -> Result<Vec<u8>, Failure> {
        let mut out = Writer::default();
        segment.write_runs(&mut out);
        let pages = pages(segment.runs().map(|run| run.1));
        write(&mut out, &segment.gaps(), &pages)?;
        for (place, counter) in segment.counters.iter().enumerate() {
            match self {
                Self::Guessed if place > 0 => {
                    write(&mut out, &residuals(&segment.series, &segment.counters[0], counter), &pages)?;
                }
                _ => write(&mut out, counter, &pages)?,
            }
        }
        Ok(out.0)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Segment, Failure> {
        let mut bytes = Reader(bytes);
        let series = Segment::read_runs(&mut bytes)?;
        let pages = pages(series.chunk_by(|one, other| one == other).map(<[u64]>::len));
        let gaps = read::<u32>(&mut bytes, &pages)?;
        let mut segment = Segment { polls: Segment::polls(&series, &gaps), series, ..Segment::default() };
        for place in 0..segment.counters.len() {
            let mut counter = read::<i64>(&mut bytes, &pages)?;
            if matches!(self, Self::Guessed) && place > 0 {
                restore(&segment.series, &segment.counters[0], &mut counter);
            }
            segment.counters[place] = counter;
        }
        Ok(segment)
    }
}

/// Rows of each page, from the rows of each series.
fn pages(runs: impl Iterator<Item = usize>) -> Vec<usize> {
    let (mut pages, mut rows) = (Vec::new(), 0);
    for run in runs {
        rows += run;
        if rows >= PAGE_ROWS {
            pages.push(rows);
            rows = 0;
        }
    }
    if rows > 0 {
        pages.push(rows);
    }
    pages
}

fn write<T: Number>(out: &mut Writer, values: &[T], pages: &[usize]) -> Result<(), Failure> {
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        .with_delta_spec(DeltaSpec::NoOp)
        .with_paging_spec(PagingSpec::Exact(pages.to_vec()));
    let file = FileCompressor::default();
    let mut chunk = file.chunk_compressor(values, &config)?;
    let mut head = Vec::new();
    file.write_header(&mut head)?;
    chunk.write_meta(&mut head)?;
    out.stretch(&head);
    for page in 0..pages.len() {
        let mut body = Vec::new();
        chunk.write_page(page, &mut body)?;
        out.stretch(&body);
    }
    Ok(())
}

fn read<T: Number>(bytes: &mut Reader<'_>, pages: &[usize]) -> Result<Vec<T>, Failure> {
    let (file, head) = FileDecompressor::new(bytes.stretch()?)?;
    let (mut chunk, _) = file.chunk_decompressor::<T, _>(head)?;
    let mut values = vec![T::default(); pages.iter().sum()];
    let mut rest = values.as_mut_slice();
    for rows in pages {
        let (page, after) = rest.split_at_mut(*rows);
        chunk.page_decompressor(bytes.stretch()?, *rows)?.read(page)?;
        rest = after;
    }
    Ok(values)
}

/// What the rows so far of one series came to.
#[derive(Default)]
struct Ratio {
    series: Option<u64>,
    calls: f64,
    counter: f64,
}

impl Ratio {
    fn guess(&mut self, series: u64, calls: i64) -> i64 {
        if self.series != Some(series) {
            *self = Self { series: Some(series), ..Self::default() };
        }
        if self.calls > 0.0 { (calls as f64 * self.counter / self.calls).round() as i64 } else { 0 }
    }

    fn learn(&mut self, calls: i64, counter: i64) {
        self.calls += calls as f64;
        self.counter += counter as f64;
    }
}

fn residuals(series: &[u64], calls: &[i64], counter: &[i64]) -> Vec<i64> {
    let mut ratio = Ratio::default();
    let rows = series.iter().zip(calls).zip(counter);
    rows.map(|((series, calls), counter)| {
        let guess = ratio.guess(*series, *calls);
        ratio.learn(*calls, *counter);
        counter.wrapping_sub(guess)
    })
    .collect()
}

/// Turns residuals back into the counter.
fn restore(series: &[u64], calls: &[i64], residuals: &mut [i64]) {
    let mut ratio = Ratio::default();
    for ((series, calls), value) in series.iter().zip(calls).zip(residuals) {
        *value = value.wrapping_add(ratio.guess(*series, *calls));
        ratio.learn(*calls, *value);
    }
}
