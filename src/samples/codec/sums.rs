//! A whole segment summed per series: a window that covers it needs no columns.

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending, put_signed};
use super::column::{column, columns, put_column};
use super::frame::{self, Kind};

const LEVEL: i32 = 3;

/// One row per series.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::samples) struct Sums {
    pub(in crate::samples) series: Vec<u64>,
    /// The start of its first and the end of its last record.
    pub(in crate::samples) first: Vec<i64>,
    pub(in crate::samples) last: Vec<i64>,
    pub(in crate::samples) columns: Vec<Vec<i64>>,
    /// For a column of which the newest value counts, when that was; empty for the others.
    pub(in crate::samples) stamps: Vec<Vec<i64>>,
}

impl Sums {
    pub(in crate::samples) fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        put(&mut out, self.columns.len() as u64);
        put(&mut out, self.series.len() as u64);
        put_ascending(&mut out, &self.series);
        // times as distances from the first: short, and mostly alike
        let base = self.first.iter().copied().min().unwrap_or(0);
        put_signed(&mut out, base);
        for times in [&self.first, &self.last] {
            put_column(&mut out, &times.iter().map(|time| time.wrapping_sub(base)).collect::<Vec<_>>());
        }
        self.columns.iter().for_each(|values| put_column(&mut out, values));
        for stamps in &self.stamps {
            out.push(u8::from(!stamps.is_empty()));
            if !stamps.is_empty() {
                let ages = stamps.iter().zip(&self.last).map(|(stamp, last)| last.wrapping_sub(*stamp));
                put_column(&mut out, &ages.collect::<Vec<_>>());
            }
        }
        frame::close(Kind::Sums, &out, LEVEL)
    }

    /// The sums in `frame`, with as many columns as `wanted`.
    pub(in crate::samples) fn decode(frame: &[u8], wanted: usize) -> Result<Self, CodecError> {
        let raw = frame::open(Kind::Sums, frame)?;
        let mut bytes = Bytes(&raw);
        let stored = bytes.count()?;
        let rows = bytes.count()?;
        let series = bytes.ascending(rows)?;
        let base = bytes.signed()?;
        let mut times = || -> Result<Vec<i64>, CodecError> {
            Ok(column(&mut bytes, rows)?.into_iter().map(|time| time.wrapping_add(base)).collect())
        };
        let (first, last) = (times()?, times()?);
        let columns = columns(&mut bytes, stored, wanted, rows)?;
        let mut stamps = Vec::with_capacity(wanted);
        for _ in 0..stored {
            stamps.push(match bytes.byte()? {
                0 => Vec::new(),
                _ => {
                    let ages = column(&mut bytes, rows)?;
                    ages.iter().zip(&last).map(|(age, last)| last.wrapping_sub(*age)).collect()
                }
            });
        }
        stamps.resize_with(wanted, Vec::new);
        Ok(Self { series, first, last, columns, stamps })
    }
}
