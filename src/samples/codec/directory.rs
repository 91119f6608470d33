//! The front of a segment's columns: its records, and where each block of series lies.

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending, put_signed};
use super::frame::{self, Kind};

const LEVEL: i32 = 3;

/// Which series a block has, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples) struct BlockPlace {
    pub(in crate::samples) first_series: u64,
    pub(in crate::samples) last_series: u64,
    pub(in crate::samples) bytes: usize,
}

/// What is in a segment's columns.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::samples) struct Directory {
    /// From and at of each record, in order of `at`.
    pub(in crate::samples) records: Vec<(i64, i64)>,
    pub(in crate::samples) blocks: Vec<BlockPlace>,
}

impl Directory {
    /// The whole column blob: directory first, then the blocks one after another.
    pub(in crate::samples) fn encode(&self, blocks: &[u8]) -> Result<Vec<u8>, CodecError> {
        let mut raw = Vec::new();
        put(&mut raw, self.records.len() as u64);
        for &(from, at) in &self.records {
            put_signed(&mut raw, from);
            put_signed(&mut raw, at);
        }
        put(&mut raw, self.blocks.len() as u64);
        for block in &self.blocks {
            put_ascending(&mut raw, &[block.first_series, block.last_series]);
            put(&mut raw, block.bytes as u64);
        }
        let directory = frame::close(Kind::Directory, &raw, LEVEL)?;
        let length = u32::try_from(directory.len()).map_err(|_| CodecError::Malformed)?;
        let mut out = Vec::with_capacity(4 + directory.len() + blocks.len());
        out.extend(length.to_le_bytes());
        out.extend(directory);
        out.extend(blocks);
        Ok(out)
    }

    /// The directory of `blob`, and the bytes of its blocks.
    pub(in crate::samples) fn decode(blob: &[u8]) -> Result<(Self, &[u8]), CodecError> {
        let (length, rest) = blob.split_first_chunk::<4>().ok_or(CodecError::Truncated)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| CodecError::Malformed)?;
        let (directory, blocks) = rest.split_at_checked(length).ok_or(CodecError::Truncated)?;
        let raw = frame::open(Kind::Directory, directory)?;
        let mut bytes = Bytes(&raw);
        let records = bytes.count()?;
        let records = (0..records)
            .map(|_| Ok((bytes.signed()?, bytes.signed()?)))
            .collect::<Result<Vec<_>, CodecError>>()?;
        let places = bytes.count()?;
        let places = (0..places).map(|_| place(&mut bytes)).collect::<Result<Vec<_>, _>>()?;
        Ok((Self { records, blocks: places }, blocks))
    }

    /// Each block's place with its bytes; none where the blob is too short.
    pub(in crate::samples) fn slices<'a>(
        &'a self,
        mut blocks: &'a [u8],
    ) -> impl Iterator<Item = (&'a BlockPlace, Option<&'a [u8]>)> {
        self.blocks.iter().map(move |place| {
            let split = blocks.split_at_checked(place.bytes);
            blocks = split.map_or(&[], |(_, rest)| rest);
            (place, split.map(|(block, _)| block))
        })
    }
}

fn place(bytes: &mut Bytes<'_>) -> Result<BlockPlace, CodecError> {
    let first_series = bytes.varint()?;
    let last_series = first_series.wrapping_add(bytes.varint()?);
    let length = usize::try_from(bytes.varint()?).map_err(|_| CodecError::Malformed)?;
    Ok(BlockPlace { first_series, last_series, bytes: length })
}
