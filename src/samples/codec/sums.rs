//! A whole segment summed per series: a window that covers it needs no pages.

use basira_actors::model::{ColumnKind, NULL, Stream};
use pco::DecompressorScratch;

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending, put_signed};
use super::frame::{self, Kind};
use super::numbers::{Nature, numbers, put_numbers};

const UNKNOWN: u8 = 0;
const DENSE: u8 = 1;
const SPARSE: u8 = 2;

/// One row per series.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::samples) struct Sums {
    pub(in crate::samples) series: Vec<u64>,
    /// The start of its first and the end of its last record.
    pub(in crate::samples) first: Vec<i64>,
    pub(in crate::samples) last: Vec<i64>,
    /// A column that is not known in any row is empty.
    pub(in crate::samples) columns: Vec<Vec<i64>>,
    /// For a column of which the newest value counts, when that was; empty for the others.
    pub(in crate::samples) stamps: Vec<Vec<i64>>,
}

impl Sums {
    /// In memory.
    pub(in crate::samples) fn bytes(&self) -> usize {
        let columns = self.columns.iter().chain(&self.stamps).map(Vec::len).sum::<usize>();
        (self.series.len() * 3 + columns) * size_of::<i64>()
    }

    pub(in crate::samples) fn encode(&self, stream: &Stream) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        put(&mut out, self.columns.len() as u64);
        put(&mut out, self.series.len() as u64);
        put_ascending(&mut out, &self.series);
        // times as distances from the first: short, and mostly alike
        let base = self.first.iter().copied().min().unwrap_or(0);
        put_signed(&mut out, base);
        for times in [&self.first, &self.last] {
            let distances: Vec<i64> = times.iter().map(|time| time.wrapping_sub(base)).collect();
            put_column(&mut out, &distances, Nature::Quantities)?;
        }
        for (column, values) in self.columns.iter().enumerate() {
            let is_word = stream.columns.get(column).is_some_and(|column| column.kind == ColumnKind::Text);
            put_column(&mut out, values, if is_word { Nature::Names } else { Nature::Quantities })?;
        }
        for stamps in &self.stamps {
            let ages: Vec<i64> =
                stamps.iter().zip(&self.last).map(|(stamp, last)| last.wrapping_sub(*stamp)).collect();
            put_column(&mut out, &ages, Nature::Quantities)?;
        }
        frame::close(Kind::Sums, &out)
    }

    /// The sums in `frame`, with as many columns as `wanted`.
    pub(in crate::samples) fn decode(frame: &[u8], wanted: usize) -> Result<Self, CodecError> {
        let raw = frame::open(Kind::Sums, frame)?;
        let mut bytes = Bytes(&raw);
        let stored = bytes.count()?;
        let rows = bytes.count()?;
        let series = bytes.ascending(rows)?;
        let base = bytes.signed()?;
        let mut scratch = DecompressorScratch::default();
        let mut times = || -> Result<Vec<i64>, CodecError> {
            let distances = column(&mut bytes, rows, &mut scratch)?;
            Ok(distances.into_iter().map(|distance| distance.wrapping_add(base)).collect())
        };
        let (first, last) = (times()?, times()?);
        let mut all = |bytes: &mut Bytes<'_>| -> Result<Vec<Vec<i64>>, CodecError> {
            let mut columns =
                (0..stored).map(|_| column(bytes, rows, &mut scratch)).collect::<Result<Vec<_>, _>>()?;
            columns.resize_with(wanted, Vec::new);
            Ok(columns)
        };
        let columns = all(&mut bytes)?;
        let mut stamps = all(&mut bytes)?;
        for ages in &mut stamps {
            ages.iter_mut().zip(&last).for_each(|(age, last)| *age = last.wrapping_sub(*age));
        }
        Ok(Self { series, first, last, columns, stamps })
    }
}

fn put_column(out: &mut Vec<u8>, values: &[i64], nature: Nature) -> Result<(), CodecError> {
    let known = values.iter().filter(|&&value| value != NULL).count();
    if known == 0 {
        out.push(UNKNOWN);
        return Ok(());
    }
    let is_sparse = known < values.len();
    out.push(if is_sparse { SPARSE } else { DENSE });
    if is_sparse {
        let is_known: Vec<i64> = values.iter().map(|&value| i64::from(value != NULL)).collect();
        put_numbers(out, &is_known, Nature::Quantities)?;
    }
    let values: Vec<i64> = values.iter().map(|&value| if value == NULL { 0 } else { value }).collect();
    put_numbers(out, &values, nature)
}

fn column(
    bytes: &mut Bytes<'_>,
    rows: usize,
    scratch: &mut DecompressorScratch,
) -> Result<Vec<i64>, CodecError> {
    let shape = bytes.byte()?;
    match shape {
        UNKNOWN => Ok(Vec::new()),
        DENSE | SPARSE => {
            let known = if shape == SPARSE { numbers(bytes, rows, scratch)? } else { Vec::new() };
            let mut values = numbers(bytes, rows, scratch)?;
            values
                .iter_mut()
                .zip(known)
                .filter(|(_, known)| *known == 0)
                .for_each(|(value, _)| *value = NULL);
            Ok(values)
        }
        _ => Err(CodecError::Malformed),
    }
}
