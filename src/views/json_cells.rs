//! Samples as the API shows them: each column under its name, in the unit that clients expect. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::{Column, ColumnKind, Gap, GapReason, NULL, Stream, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::samples::Point;
pub use crate::samples::word_hashes as words;

/// The texts behind the cells of word columns.
pub type Texts = HashMap<u64, Arc<str>>;

/// One bucket of a series: its columns by their names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bucket {
    pub ts: Timestamp,
    #[serde(flatten)]
    pub columns: Map<String, Value>,
}

impl Bucket {
    /// Every column of `point`.
    #[must_use]
    pub fn new(stream: &Stream, point: &Point, texts: &Texts) -> Self {
        Self { ts: point.ts, columns: columns(stream, &point.values, texts, |_| true) }
    }
}

/// A gap, as the API shows it.
#[derive(Serialize)]
pub struct GapRow {
    from: Timestamp,
    to: Timestamp,
    reason: GapReason,
}

impl From<Gap> for GapRow {
    fn from(gap: Gap) -> Self {
        Self { from: gap.from, to: gap.to, reason: gap.reason }
    }
}

/// Every column that `shown` picks: `_us` in milliseconds, `_at_ms` as a timestamp, words as their texts.
pub fn columns(
    stream: &Stream,
    values: &[i64],
    texts: &Texts,
    shown: impl Fn(&Column) -> bool,
) -> Map<String, Value> {
    let columns = stream.columns.iter().zip(values).filter(|(column, _)| shown(column));
    columns.map(|(column, &value)| shown_as(column, value, texts)).collect()
}

fn shown_as(column: &Column, value: i64, texts: &Texts) -> (String, Value) {
    let known = (value != NULL).then_some(value);
    if column.kind == ColumnKind::Text {
        let text = known.and_then(|hash| texts.get(&hash.cast_unsigned()));
        return (column.name.to_owned(), text.map(|text| text.as_ref()).into());
    }
    if let Some(base) = column.name.strip_suffix("_us") {
        return (format!("{base}_ms"), known.map(milliseconds).into());
    }
    match column.name.strip_suffix("_at_ms") {
        Some(base) => (base.to_owned(), known.map(|at| Timestamp(at).to_string()).into()),
        None => (column.name.to_owned(), known.into()),
    }
}

/// The value of the column `name`; `None` when it is not known.
#[must_use]
pub fn cell(stream: &Stream, values: &[i64], name: &str) -> Option<i64> {
    let value = *values.get(stream.column(name)?)?;
    (value != NULL).then_some(value)
}

/// The text in the word column `name`.
#[must_use]
pub fn text<'a>(stream: &Stream, values: &[i64], texts: &'a Texts, name: &str) -> Option<&'a Arc<str>> {
    texts.get(&cell(stream, values, name)?.cast_unsigned())
}

/// One row of a stream, read by the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub stream: &'static Stream,
    pub values: &'a [i64],
    pub texts: &'a Texts,
}

impl Row<'_> {
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<i64> {
        cell(self.stream, self.values, name)
    }

    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.stream, self.values, self.texts, name).map(ToString::to_string)
    }

    /// The hash of a word as clients see it.
    #[must_use]
    pub fn hash(&self, name: &str) -> Option<String> {
        self.cell(name).map(|hash| format!("{:016x}", hash.cast_unsigned()))
    }
}

/// Process ids that were stored as one word.
#[must_use]
pub fn pids(joined: Option<&str>) -> Vec<i64> {
    joined.unwrap_or_default().split(',').filter_map(|pid| pid.parse().ok()).collect()
}

/// Microseconds as milliseconds.
#[must_use]
pub fn milliseconds(microseconds: i64) -> f64 {
    float(microseconds) / 1000.0
}

/// For ratios and milliseconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53: 285 years of microseconds")]
pub const fn float(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use basira_actors::model::streams::EVENTS;
    use basira_actors::model::{Column, ColumnKind, NULL};
    use serde_json::json;

    use super::{Texts, cell, shown_as, text, words};

    #[test]
    fn the_suffix_of_a_column_sets_its_unit() {
        let texts = Texts::from([(7, "relation".into())]);
        let shown = |name, kind, value| shown_as(&Column { name, kind }, value, &texts);
        let pair = |name: &str, value| (name.to_owned(), value);
        assert_eq!(shown("calls", ColumnKind::Sum, 3), pair("calls", json!(3)));
        assert_eq!(shown("calls", ColumnKind::Sum, NULL), pair("calls", json!(null)));
        assert_eq!(shown("sync_time_us", ColumnKind::Sum, 1500), pair("sync_time_ms", json!(1.5)));
        let at = shown("last_vacuum_at_ms", ColumnKind::Last, 0);
        assert_eq!(at, pair("last_vacuum", json!("1970-01-01T00:00:00.000Z")));
        assert_eq!(shown("lock_type", ColumnKind::Text, 7), pair("lock_type", json!("relation")));
        assert_eq!(shown("lock_type", ColumnKind::Text, 8), pair("lock_type", json!(null)));
    }

    #[test]
    fn cells_are_read_by_column_name() {
        let row = [7, NULL, 9, NULL, 12];
        assert_eq!(cell(&EVENTS, &row, "happened_at_ms"), Some(12));
        assert_eq!((cell(&EVENTS, &row, "subject"), cell(&EVENTS, &[], "kind")), (None, None));
        let texts = Texts::from([(7, "promoted".into())]);
        assert_eq!(text(&EVENTS, &row, &texts, "kind").map(AsRef::as_ref), Some("promoted"));
        let mut hashes = words(&EVENTS, [&row[..], &row[..]]);
        hashes.sort_unstable();
        assert_eq!(hashes, [7, 9]);
    }
}
