//! Turns the records of an hour into one segment.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use basira_actors::model::{NULL, Stream};

use super::codec::{Block, BlockPlace, CodecError, Directory, Sums, decode_record, decode_series};
use super::fold::Cells;

/// A block is closed at so many series or rows, whichever comes first.
const BLOCK_SERIES: usize = 128;
const BLOCK_ROWS: usize = 16_384;
/// Rows decoded at a time: bounds the memory of sealing to some 12 MB, for some more passes over the records.
const PASS_ROWS: usize = 65_536;

/// A sealed stretch of one stream.
#[derive(Debug)]
pub(super) struct Segment {
    /// From and at of its records, in order of `at`.
    pub(super) records: Vec<(i64, i64)>,
    pub(super) row_count: usize,
    pub(super) sums: Vec<u8>,
    pub(super) columns: Vec<u8>,
}

/// How many rows each of some neighbouring series has.
type Plan = Vec<(u64, usize)>;

/// Seals `blobs`, given in order of their ends.
pub(super) fn build(stream: &Stream, blobs: &[Vec<u8>]) -> Result<Segment, CodecError> {
    let mut records = Vec::with_capacity(blobs.len());
    let mut counts = BTreeMap::<u64, usize>::new();
    for blob in blobs {
        let head = decode_series(blob)?;
        records.push((head.from, head.at));
        head.series.into_iter().for_each(|series| *counts.entry(series).or_default() += 1);
    }
    let row_count = counts.values().sum();
    let mut writer =
        Writer { stream, records: &records, places: Vec::new(), blocks: Vec::new(), sums: Sums::new(stream) };
    for pass in passes(plan(counts)) {
        for block in gather(stream, blobs, &pass)? {
            writer.push(&block)?;
        }
    }
    let Writer { places, blocks, sums, .. } = writer;
    let sums = sums.encode()?;
    let directory = Directory { records, blocks: places };
    let columns = directory.encode(&blocks)?;
    Ok(Segment { records: directory.records, row_count, sums, columns })
}

/// Which series go into which block.
fn plan(counts: BTreeMap<u64, usize>) -> Vec<Plan> {
    let mut blocks: Vec<Plan> = Vec::new();
    let mut rows = 0;
    for (series, count) in counts {
        match blocks.last_mut() {
            Some(block) if block.len() < BLOCK_SERIES && rows < BLOCK_ROWS => block.push((series, count)),
            _ => {
                blocks.push(vec![(series, count)]);
                rows = 0;
            }
        }
        rows += count;
    }
    blocks
}

/// Which blocks are built in one pass over the records.
fn passes(blocks: Vec<Plan>) -> Vec<Vec<Plan>> {
    let mut passes: Vec<Vec<Plan>> = Vec::new();
    let mut rows = 0;
    for block in blocks {
        let more: usize = block.iter().map(|&(_, count)| count).sum();
        match passes.last_mut() {
            Some(pass) if rows + more <= PASS_ROWS => pass.push(block),
            _ => {
                passes.push(vec![block]);
                rows = 0;
            }
        }
        rows += more;
    }
    passes
}

/// Reads the rows of the planned blocks out of every record.
fn gather(stream: &Stream, blobs: &[Vec<u8>], plans: &[Plan]) -> Result<Vec<Block>, CodecError> {
    let mut blocks: Vec<_> = plans.iter().map(|plan| empty(stream, plan)).collect();
    // where the next row of each series goes
    let mut next: Vec<Vec<usize>> = plans.iter().map(starts).collect();
    for (record, blob) in blobs.iter().enumerate() {
        let rows = decode_record(blob, stream.columns.len())?;
        for (block, next) in blocks.iter_mut().zip(&mut next) {
            let Some(range) = span(&block.series) else { continue };
            let begin = rows.series.partition_point(|series| series < range.start());
            let end = rows.series.partition_point(|series| series <= range.end());
            let mut place = 0;
            for row in begin..end {
                place += block.series[place..].partition_point(|&series| series < rows.series[row]);
                let target = next[place];
                next[place] += 1;
                block.records[target] = record;
                for (column, values) in block.columns.iter_mut().zip(&rows.columns) {
                    column[target] = values[row];
                }
            }
        }
    }
    Ok(blocks)
}

fn empty(stream: &Stream, plan: &Plan) -> Block {
    let rows = plan.iter().map(|&(_, count)| count).sum();
    Block {
        series: plan.iter().map(|&(series, _)| series).collect(),
        counts: plan.iter().map(|&(_, count)| count).collect(),
        records: vec![0; rows],
        columns: vec![vec![NULL; rows]; stream.columns.len()],
    }
}

fn starts(plan: &Plan) -> Vec<usize> {
    let ends = plan.iter().scan(0, |end, &(_, count)| {
        *end += count;
        Some(*end - count)
    });
    ends.collect()
}

fn span(series: &[u64]) -> Option<RangeInclusive<u64>> {
    Some(*series.first()?..=*series.last()?)
}

/// Puts blocks behind one another and sums them on the way.
struct Writer<'a> {
    stream: &'a Stream,
    records: &'a [(i64, i64)],
    places: Vec<BlockPlace>,
    blocks: Vec<u8>,
    sums: Sums,
}

impl Writer<'_> {
    fn push(&mut self, block: &Block) -> Result<(), CodecError> {
        let Some(range) = span(&block.series) else { return Ok(()) };
        let bytes = block.encode()?;
        self.places.push(BlockPlace {
            first_series: *range.start(),
            last_series: *range.end(),
            bytes: bytes.len(),
        });
        self.blocks.extend(bytes);
        let mut rows = 0..block.records.len();
        for (&series, &count) in block.series.iter().zip(&block.counts) {
            let mut cells = Cells::new(self.stream);
            for row in rows.by_ref().take(count) {
                let (from, at) = self.records[block.records[row]];
                cells.add(self.stream, (from, at), series, |column| (block.columns[column][row], at));
            }
            self.sums.push(self.stream, series, &cells);
        }
        Ok(())
    }
}

impl Sums {
    fn new(stream: &Stream) -> Self {
        let empty = vec![Vec::new(); stream.columns.len()];
        Self { columns: empty.clone(), stamps: empty, ..Self::default() }
    }

    fn push(&mut self, stream: &Stream, series: u64, cells: &Cells) {
        self.series.push(series);
        self.first.push(cells.first);
        self.last.push(cells.last);
        self.columns.iter_mut().zip(&cells.values).for_each(|(column, &value)| column.push(value));
        for (column, stamp) in self.stamps.iter_mut().zip(cells.stamps(stream)) {
            column.extend(stamp);
        }
    }
}
