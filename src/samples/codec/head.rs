//! The front of a segment: its records, what its stripes share, and where each page lies.

use std::ops::Range;

use super::CodecError;
use super::bytes::{Bytes, put, put_ascending, put_signed};
use super::frame::{self, Kind};

/// Pages that are stored, and fetched, together: a block.
const PAGES_PER_BLOCK: usize = 4;
/// More rows than any page has.
const MOST_ROWS: usize = 1 << 20;

/// Which series a page has, how much of them, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples) struct PagePlace {
    pub(in crate::samples) first_series: u64,
    pub(in crate::samples) last_series: u64,
    pub(in crate::samples) rows: usize,
    pub(in crate::samples) bytes: usize,
    pub(in crate::samples) stripe: usize,
}

/// What is in a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::samples) struct Head {
    /// From and at of each record, in order of `at`.
    pub(in crate::samples) records: Vec<(i64, i64)>,
    /// The head of each stripe.
    pub(in crate::samples) stripes: Vec<Vec<u8>>,
    pub(in crate::samples) pages: Vec<PagePlace>,
}

impl Head {
    pub(in crate::samples) fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        put(&mut out, self.records.len() as u64);
        let mut before = 0_i64;
        for &(from, at) in &self.records {
            // mostly 0, and the interval of polling
            put_signed(&mut out, from.wrapping_sub(before));
            put_signed(&mut out, at.wrapping_sub(from));
            before = at;
        }
        put(&mut out, self.pages.len() as u64);
        for page in &self.pages {
            put_ascending(&mut out, &[page.first_series, page.last_series]);
            put(&mut out, page.rows as u64);
            put(&mut out, page.bytes as u64);
            put(&mut out, page.stripe as u64);
        }
        put(&mut out, self.stripes.len() as u64);
        for stripe in &self.stripes {
            put(&mut out, stripe.len() as u64);
            out.extend(stripe);
        }
        frame::close(Kind::Head, &out)
    }

    pub(in crate::samples) fn decode(blob: &[u8]) -> Result<Self, CodecError> {
        let raw = frame::open(Kind::Head, blob)?;
        let mut bytes = Bytes(&raw);
        let mut before = 0_i64;
        let records = bytes.count()?;
        let mut record = |bytes: &mut Bytes<'_>| {
            let from = before.wrapping_add(bytes.signed()?);
            before = from.wrapping_add(bytes.signed()?);
            Ok((from, before))
        };
        let records = (0..records).map(|_| record(&mut bytes)).collect::<Result<_, CodecError>>()?;
        let pages = bytes.count()?;
        let pages = (0..pages).map(|_| place(&mut bytes)).collect::<Result<_, CodecError>>()?;
        let stripes = bytes.count()?;
        let stripes = (0..stripes).map(|_| Ok(bytes.part()?.to_vec())).collect::<Result<_, CodecError>>()?;
        Ok(Self { records, stripes, pages })
    }

    /// How many blocks the pages are stored in.
    pub(in crate::samples) fn blocks(&self) -> usize {
        self.pages.len().div_ceil(PAGES_PER_BLOCK)
    }

    /// The pages of a block.
    pub(in crate::samples) fn pages_of(&self, block: usize) -> Range<usize> {
        let start = block.saturating_mul(PAGES_PER_BLOCK).min(self.pages.len());
        start..(start + PAGES_PER_BLOCK).min(self.pages.len())
    }

    /// Each page of a block with its bytes; none where the block is too short.
    pub(in crate::samples) fn slices<'a>(
        &'a self,
        block: usize,
        mut bytes: &'a [u8],
    ) -> impl Iterator<Item = (&'a PagePlace, Option<&'a [u8]>)> {
        self.pages[self.pages_of(block)].iter().map(move |place| {
            let split = bytes.split_at_checked(place.bytes);
            bytes = split.map_or(&[], |(_, rest)| rest);
            (place, split.map(|(page, _)| page))
        })
    }
}

fn place(bytes: &mut Bytes<'_>) -> Result<PagePlace, CodecError> {
    let first_series = bytes.varint()?;
    let last_series = first_series.wrapping_add(bytes.varint()?);
    let rows = bytes.count_upto(MOST_ROWS)?;
    let length = usize::try_from(bytes.varint()?).map_err(|_| CodecError::Malformed)?;
    let stripe = usize::try_from(bytes.varint()?).map_err(|_| CodecError::Malformed)?;
    Ok(PagePlace { first_series, last_series, rows, bytes: length, stripe })
}
