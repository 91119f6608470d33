//! Parquet with its delta encodings under zstd, one row group.

use basira_benches::Failure;
use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::super::columns;
use super::Encoding;
use super::segment::Segment;

pub(super) struct Parquet;

impl Encoding for Parquet {
    fn name(&self) -> &'static str {
        "Parquet, delta, zstd 3"
    }

    fn encode(&self, segment: &Segment) -> Result<Vec<u8>, Failure> {
        let series: Vec<i64> = segment.series.iter().map(|series| series.cast_signed()).collect();
        let polls: Vec<i64> = segment.polls.iter().map(|poll| i64::from(*poll)).collect();
        let mut writer = columns::writer(Vec::new())?;
        let all = [&series, &polls].into_iter().chain(&segment.counters);
        columns::write_group(&mut writer, all.map(Vec::as_slice))?;
        Ok(writer.into_inner()?)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Segment, Failure> {
        let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes))?;
        let group = reader.get_row_group(0)?;
        let column = |place| columns::read(group.as_ref(), place);
        let mut segment = Segment {
            series: column(0)?.into_iter().map(i64::cast_unsigned).collect(),
            polls: column(1)?.into_iter().map(u32::try_from).collect::<Result<_, _>>()?,
            ..Segment::default()
        };
        for (place, counter) in segment.counters.iter_mut().enumerate() {
            *counter = column(2 + place)?;
        }
        Ok(segment)
    }
}
