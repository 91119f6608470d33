//! One record: what one poll added to one stream.

use basira_actors::model::Record;
use pco::DecompressorScratch;

use super::CodecError;
use super::bytes::{Bytes, put, put_signed};
use super::column::{columns, put_column};
use super::frame::{self, Kind};
use super::numbers::{Nature, numbers, put_numbers};

/// More than any poll has.
const MOST_ROWS: usize = 1 << 22;

/// The rows of a record, read back.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::samples) struct Rows {
    pub(in crate::samples) from: i64,
    pub(in crate::samples) at: i64,
    pub(in crate::samples) series: Vec<u64>,
    pub(in crate::samples) columns: Vec<Vec<i64>>,
}

/// `record` as a blob.
pub(in crate::samples) fn encode_record(record: &Record) -> Result<Vec<u8>, CodecError> {
    let rows = record.series.len();
    let whole = record.columns.len() == record.stream.columns.len()
        && record.columns.iter().all(|column| column.len() == rows)
        && record.series.is_sorted_by(|left, right| left < right);
    if !whole || rows > MOST_ROWS {
        return Err(CodecError::Malformed);
    }
    let mut out = Vec::with_capacity(32 + rows * (8 + record.columns.len()));
    put_signed(&mut out, record.from.as_millis());
    put_signed(&mut out, record.at.as_millis());
    put(&mut out, record.columns.len() as u64);
    put(&mut out, rows as u64);
    put_series(&mut out, &record.series)?;
    record.columns.iter().for_each(|values| put_column(&mut out, values));
    frame::close(Kind::Record, &out)
}

/// The rows in `blob`, with as many columns as `wanted`.
pub(in crate::samples) fn decode_record(blob: &[u8], wanted: usize) -> Result<Rows, CodecError> {
    let raw = frame::open(Kind::Record, blob)?;
    let mut bytes = Bytes(&raw);
    let (head, stored) = head(&mut bytes)?;
    Ok(Rows { columns: columns(&mut bytes, stored, wanted, head.series.len())?, ..head })
}

/// The rows in `blob` without their columns: who was there.
pub(in crate::samples) fn decode_series(blob: &[u8]) -> Result<Rows, CodecError> {
    let raw = frame::open(Kind::Record, blob)?;
    Ok(head(&mut Bytes(&raw))?.0)
}

fn head(bytes: &mut Bytes<'_>) -> Result<(Rows, usize), CodecError> {
    let (from, at) = (bytes.signed()?, bytes.signed()?);
    let stored = bytes.count()?;
    let rows = bytes.count_upto(MOST_ROWS)?;
    Ok((Rows { from, at, series: series(bytes, rows)?, columns: Vec::new() }, stored))
}

/// Hashes in order lie evenly apart: packed, their distances take a byte less each than as variable-length integers.
fn put_series(out: &mut Vec<u8>, series: &[u64]) -> Result<(), CodecError> {
    let before = std::iter::once(0).chain(series.iter().copied());
    let distances =
        series.iter().zip(before).map(|(series, before)| series.wrapping_sub(before).cast_signed());
    put_numbers(out, &distances.collect::<Vec<_>>(), Nature::Quantities)
}

fn series(bytes: &mut Bytes<'_>, rows: usize) -> Result<Vec<u64>, CodecError> {
    let distances = numbers(bytes, rows, &mut DecompressorScratch::default())?;
    let add = |series: &mut u64, distance: i64| {
        *series = series.wrapping_add(distance.cast_unsigned());
        Some(*series)
    };
    Ok(distances.into_iter().scan(0, add).collect())
}
