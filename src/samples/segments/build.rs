//! Turns the records of an hour into one segment.

use std::collections::BTreeMap;

use basira_actors::model::{NULL, Stream};

use super::write::{STRIPE_ROWS, Segment, Writer};
use crate::samples::codec::{CodecError, Sums, Table, decode_record, decode_series};

/// How many rows each of some neighbouring series has.
type Plan = Vec<(u64, usize)>;

/// Seals `blobs`, given in order of their ends.
pub(in crate::samples) fn build(stream: &'static Stream, blobs: &[Vec<u8>]) -> Result<Segment, CodecError> {
    let mut records = Vec::with_capacity(blobs.len());
    let mut counts = BTreeMap::<u64, usize>::new();
    for blob in blobs {
        let head = decode_series(blob)?;
        records.push((head.from, head.at));
        head.series.into_iter().for_each(|series| *counts.entry(series).or_default() += 1);
    }
    let mut writer = Writer::new(stream);
    let mut sums = Sums::new(stream);
    for stripe in stripes(counts) {
        let table = collect_rows(stream, blobs, &stripe)?;
        sums.add(stream, &table, &records);
        writer.push(&table)?;
    }
    writer.finish(records, Some(&sums))
}

/// Which series go into which stripe.
fn stripes(counts: BTreeMap<u64, usize>) -> Vec<Plan> {
    let mut stripes: Vec<Plan> = Vec::new();
    let mut rows = 0;
    for (series, count) in counts {
        match stripes.last_mut() {
            Some(stripe) if rows + count <= STRIPE_ROWS => stripe.push((series, count)),
            _ => {
                stripes.push(vec![(series, count)]);
                rows = 0;
            }
        }
        rows += count;
    }
    stripes
}

/// Reads the rows of the planned series out of every record.
fn collect_rows(stream: &Stream, blobs: &[Vec<u8>], plan: &Plan) -> Result<Table, CodecError> {
    let rows = plan.iter().map(|&(_, count)| count).sum();
    let mut table = Table {
        series: plan.iter().map(|&(series, _)| series).collect(),
        counts: plan.iter().map(|&(_, count)| count).collect(),
        last: vec![0; rows],
        ..Table::new(stream.columns.len())
    };
    // where the next row of each series goes
    let mut next: Vec<usize> = table.runs().map(|(_, run)| run.start).collect();
    let (Some(&first), Some(&last)) = (table.series.first(), table.series.last()) else { return Ok(table) };
    for (record, blob) in blobs.iter().enumerate() {
        let found = decode_record(blob, stream.columns.len())?;
        let begin = found.series.partition_point(|&series| series < first);
        let end = found.series.partition_point(|&series| series <= last);
        let mut place = 0;
        let mut targets = Vec::with_capacity(end - begin);
        for &series in &found.series[begin..end] {
            place += table.series[place..].partition_point(|&planned| planned < series);
            table.last[next[place]] = record;
            targets.push(next[place]);
            next[place] += 1;
        }
        for (column, values) in table.columns.iter_mut().zip(&found.columns) {
            let values = &values[begin..end];
            if column.is_empty() && values.iter().any(|&value| value != NULL) {
                column.resize(rows, NULL);
            }
            if !column.is_empty() {
                targets.iter().zip(values).for_each(|(&target, &value)| column[target] = value);
            }
        }
    }
    Ok(table)
}
