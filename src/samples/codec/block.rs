//! A few series of a segment with all their rows, sorted by series, then time.

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending};
use super::column::{columns, put_column};
use super::frame::{self, Kind};

const LEVEL: i32 = 3;

/// The rows of neighbouring series.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::samples) struct Block {
    /// Ascending, each once, with how many rows it has.
    pub(in crate::samples) series: Vec<u64>,
    pub(in crate::samples) counts: Vec<usize>,
    /// For each row, which record of the directory it came from; ascending within a series.
    pub(in crate::samples) records: Vec<usize>,
    pub(in crate::samples) columns: Vec<Vec<i64>>,
}

impl Block {
    pub(in crate::samples) fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::with_capacity(self.records.len() * (2 + self.columns.len()));
        put(&mut out, self.columns.len() as u64);
        put(&mut out, self.series.len() as u64);
        put_ascending(&mut out, &self.series);
        self.counts.iter().for_each(|&count| put(&mut out, count as u64));
        let mut records = self.records.iter();
        for &count in &self.counts {
            let of_series: Vec<u64> = records.by_ref().take(count).map(|&record| record as u64).collect();
            put_ascending(&mut out, &of_series);
        }
        self.columns.iter().for_each(|values| put_column(&mut out, values));
        frame::close(Kind::Block, &out, LEVEL)
    }

    /// The block in `frame`, of a segment of `records` records, with as many columns as `wanted`.
    pub(in crate::samples) fn decode(
        frame: &[u8],
        records: usize,
        wanted: usize,
    ) -> Result<Self, CodecError> {
        let raw = frame::open(Kind::Block, frame)?;
        let mut bytes = Bytes(&raw);
        let stored = bytes.count()?;
        let series = bytes.count()?;
        let series = bytes.ascending(series)?;
        let counts = series.iter().map(|_| bytes.count()).collect::<Result<Vec<_>, _>>()?;
        let mut of_rows = Vec::new();
        for &count in &counts {
            for record in bytes.ascending(count)? {
                let record = usize::try_from(record).ok().filter(|&record| record < records);
                of_rows.push(record.ok_or(CodecError::Malformed)?);
            }
        }
        let columns = columns(&mut bytes, stored, wanted, of_rows.len())?;
        Ok(Self { series, counts, records: of_rows, columns })
    }
}
