//! Records as the rows of a ClickHouse table, in the format `RowBinary`.

use std::collections::{BTreeMap, HashMap};

use basira_actors::model::{ColumnKind, NULL, Stream};

use super::plan::{bucket_of, day_of};
use crate::samples::aggregate::{Cells, Columns};
use crate::samples::codec::Rows;
use crate::samples::{DatabaseScope, Resolution};

/// A decoded record and whose it is.
pub(super) struct DecodedRecord {
    pub(super) scope: DatabaseScope,
    pub(super) rows: Rows,
}

/// The columns of `table`, in the order in which [`chunks`] fills them.
pub(super) fn target(table: &str, stream: &'static Stream, resolution: Resolution) -> String {
    let bucket = if resolution == Resolution::Raw { "" } else { "bucket, " };
    let columns: Vec<_> = stream.columns.iter().map(|column| column.name).collect();
    format!(
        "{table} (organization, database, day, head, series, {bucket}from_ms, at_ms, {})",
        columns.join(", ")
    )
}

/// The rows of `records` at `resolution`: what must be there is the same each time that it is asked for.
pub(super) fn chunks<'a>(
    stream: &'static Stream,
    records: &'a [DecodedRecord],
    resolution: Resolution,
) -> Box<dyn Iterator<Item = Vec<u8>> + Send + 'a> {
    if resolution == Resolution::Raw {
        return Box::new(records.iter().map(move |record| raw(stream, record)));
    }
    let heads = records.iter().map(move |record| rolled_head(stream, record, resolution.millis()));
    let buckets = roll_up(stream, records, resolution.millis());
    Box::new(heads.chain(buckets.into_iter().map(move |((database, bucket), rows)| {
        let scope = records.iter().map(|record| record.scope).find(|scope| scope.database.0 == database);
        scope.map_or_else(Vec::new, |scope| rolled(stream, scope, bucket, &rows))
    })))
}

fn raw(stream: &'static Stream, record: &DecodedRecord) -> Vec<u8> {
    let Rows { from, at, series, columns } = &record.rows;
    let mut out = Row(Vec::with_capacity((series.len() + 1) * (57 + stream.columns.len() * 9)));
    out.key(record.scope, day_of(*at), true, at.cast_unsigned());
    out.integers(&[*from, *at]);
    stream.columns.iter().for_each(|_| out.nullable(NULL));
    for (row, &series) in series.iter().enumerate() {
        out.key(record.scope, day_of(*at), false, series);
        out.integers(&[*from, *at]);
        columns.iter().for_each(|column| out.nullable(column[row]));
    }
    out.0
}

/// Says that a record is there, so that it can be asked for.
fn rolled_head(stream: &'static Stream, record: &DecodedRecord, bucket_ms: i64) -> Vec<u8> {
    let (from, at) = (record.rows.from, record.rows.at);
    let mut out = Row(Vec::new());
    out.key(record.scope, day_of(at), true, at.cast_unsigned());
    out.integers(&[bucket_of(at, bucket_ms), from, at]);
    for column in stream.columns {
        out.cell(column.kind, (NULL, NULL));
    }
    out.0
}

/// What each series of each database comes to in each bucket.
type Buckets = BTreeMap<(uuid::Uuid, i64), HashMap<u64, Cells>>;

fn roll_up(stream: &'static Stream, records: &[DecodedRecord], bucket_ms: i64) -> Buckets {
    let columns = Columns::all(stream);
    let mut buckets = Buckets::new();
    for DecodedRecord { scope, rows } in records {
        let bucket = buckets.entry((scope.database.0, bucket_of(rows.at, bucket_ms))).or_default();
        for (row, &series) in rows.series.iter().enumerate() {
            let cells = bucket.entry(series).or_insert_with(|| Cells::new(stream));
            cells.add(&columns, (rows.from, rows.at), series, |column| (rows.columns[column][row], rows.at));
        }
    }
    buckets
}

fn rolled(stream: &'static Stream, scope: DatabaseScope, bucket: i64, rows: &HashMap<u64, Cells>) -> Vec<u8> {
    let mut out = Row(Vec::with_capacity(rows.len() * (65 + stream.columns.len() * 10)));
    for (&series, cells) in rows {
        out.key(scope, day_of(cells.last), false, series);
        out.integers(&[bucket, cells.first, cells.last]);
        let stamps = cells.stamps(stream);
        for ((column, &value), stamp) in stream.columns.iter().zip(&cells.values).zip(stamps) {
            out.cell(column.kind, (stamp.unwrap_or(NULL), value));
        }
    }
    out.0
}

/// Little-endian bytes, one value behind the other.
struct Row(Vec<u8>);

impl Row {
    fn key(&mut self, scope: DatabaseScope, day: i64, head: bool, series: u64) {
        for id in [scope.organization.0, scope.database.0] {
            let (high, low) = id.as_u64_pair();
            self.0.extend(high.to_le_bytes());
            self.0.extend(low.to_le_bytes());
        }
        self.integers(&[day]);
        self.0.push(u8::from(head));
        self.0.extend(series.to_le_bytes());
    }

    fn integers(&mut self, values: &[i64]) {
        values.iter().for_each(|value| self.0.extend(value.to_le_bytes()));
    }

    fn nullable(&mut self, value: i64) {
        self.0.push(u8::from(value == NULL));
        if value != NULL {
            self.integers(&[value]);
        }
    }

    /// A sum, or a reading with its time.
    fn cell(&mut self, kind: ColumnKind, (stamp, value): (i64, i64)) {
        if kind == ColumnKind::Sum { self.nullable(value) } else { self.integers(&[stamp, value]) }
    }
}
