//! Columns of varints, each under zstd: what needs no crate but the compressor.

use basira_benches::Failure;

use super::Encoding;
use super::bytes::{Reader, Writer};
use super::segment::Segment;

const LEVEL: i32 = 3;

pub(super) struct Varints;

impl Encoding for Varints {
    fn name(&self) -> &'static str {
        "varint columns, zstd 3"
    }

    fn encode(&self, segment: &Segment) -> Result<Vec<u8>, Failure> {
        let mut out = Writer::default();
        segment.write_runs(&mut out);
        let polls = column(segment.gaps().into_iter().map(u64::from))?;
        out.stretch(&polls);
        for counter in &segment.counters {
            let folded = counter.iter().map(|value| ((value << 1) ^ (value >> 63)).cast_unsigned());
            out.stretch(&column(folded)?);
        }
        Ok(out.0)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Segment, Failure> {
        let mut bytes = Reader(bytes);
        let series = Segment::read_runs(&mut bytes)?;
        let rows = series.len();
        let gaps = values(bytes.stretch()?, rows)?;
        let gaps: Vec<u32> = gaps.into_iter().map(u32::try_from).collect::<Result<_, _>>()?;
        let mut segment = Segment { polls: Segment::polls(&series, &gaps), series, ..Segment::default() };
        for counter in &mut segment.counters {
            let folded = values(bytes.stretch()?, rows)?;
            *counter = folded
                .into_iter()
                .map(|value| (value >> 1).cast_signed() ^ -(value & 1).cast_signed())
                .collect();
        }
        Ok(segment)
    }
}

fn column(values: impl Iterator<Item = u64>) -> Result<Vec<u8>, Failure> {
    let mut raw = Writer::default();
    values.for_each(|value| raw.varint(value));
    let mut out = Writer::default();
    out.varint(raw.0.len() as u64);
    out.0.extend(zstd::bulk::compress(&raw.0, LEVEL)?);
    Ok(out.0)
}

fn values(bytes: &[u8], rows: usize) -> Result<Vec<u64>, Failure> {
    let mut bytes = Reader(bytes);
    let length = usize::try_from(bytes.varint()?)?;
    let raw = zstd::bulk::decompress(bytes.0, length)?;
    let mut raw = Reader(&raw);
    (0..rows).map(|_| raw.varint()).collect()
}
