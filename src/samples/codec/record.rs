//! One record: what one poll added to one stream.

use basira_actors::model::Record;

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending, put_signed};
use super::column::{columns, put_column};
use super::frame::{self, Kind};

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
    if !whole {
        return Err(CodecError::Malformed);
    }
    let mut out = Vec::with_capacity(32 + rows * (8 + record.columns.len()));
    put_signed(&mut out, record.from.as_millis());
    put_signed(&mut out, record.at.as_millis());
    put(&mut out, record.columns.len() as u64);
    put(&mut out, rows as u64);
    put_ascending(&mut out, &record.series);
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
    let rows = bytes.count()?;
    Ok((Rows { from, at, series: bytes.ascending(rows)?, columns: Vec::new() }, stored))
}
