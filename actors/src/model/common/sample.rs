//! Samples on their way to the store.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DatabaseId, OrganizationId, Timestamp};

/// A cell of a [`Record`] without a value: not known is never 0.
pub const NULL: i64 = i64::MIN;

/// One family of samples with a fixed set of columns. Columns are only ever appended.
#[derive(Debug, PartialEq, Eq)]
pub struct Stream {
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// One column of a [`Stream`]; every value is a 64-bit integer.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// With its unit: `total_time_us`, `wal_bytes`.
    pub name: &'static str,
    pub kind: ColumnKind,
}

/// What becomes of a column when samples are summed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A delta: adds up.
    Sum,
    /// A reading: the newest counts.
    Last,
    /// The hash of a [`DictionaryEntry`].
    Text,
}

impl Stream {
    /// The place of the column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// What one poll adds to one stream. Work in it happened after `from` and not after `at`, by the server's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub stream: &'static Stream,
    pub from: Timestamp,
    pub at: Timestamp,
    /// Ascending, each once.
    pub series: Vec<u64>,
    /// One vector per column of the stream, each as long as `series`; [`NULL`] where not known.
    pub columns: Vec<Vec<i64>>,
}

impl Record {
    /// Rows of `stream` in any order, each series once.
    #[must_use]
    pub fn new<const N: usize>(
        stream: &'static Stream,
        from: Timestamp,
        at: Timestamp,
        mut rows: Vec<(u64, [i64; N])>,
    ) -> Self {
        debug_assert_eq!(N, stream.columns.len(), "one value per column of {}", stream.name);
        rows.sort_unstable_by_key(|(series, _)| *series);
        rows.dedup_by_key(|(series, _)| *series);
        let column = |place: usize| rows.iter().map(|(_, values)| values[place]).collect();
        let columns = (0..N).map(column).collect();
        Self { stream, from, at, series: rows.iter().map(|(series, _)| *series).collect(), columns }
    }

    /// Both as one record over both spans; where both have a series, `other` counts.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let (from, at) = (self.from.min(other.from), self.at.max(other.at));
        let mut places: Vec<(u64, bool, usize)> = Vec::with_capacity(self.series.len() + other.series.len());
        places.extend(self.series.iter().enumerate().map(|(row, &series)| (series, true, row)));
        places.extend(other.series.iter().enumerate().map(|(row, &series)| (series, false, row)));
        places.sort_unstable();
        places.dedup_by_key(|(series, ..)| *series);
        let column = |(left, right): (Vec<i64>, Vec<i64>)| {
            places.iter().map(|&(_, of_self, row)| if of_self { left[row] } else { right[row] }).collect()
        };
        let columns = self.columns.into_iter().zip(other.columns).map(column).collect();
        let series = places.iter().map(|(series, ..)| *series).collect();
        Self { stream: self.stream, from, at, series, columns }
    }
}

/// A stretch without trustworthy samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub stream: &'static Stream,
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: GapReason,
}

/// Why there is a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The target could not be read.
    Unreachable,
    /// The target's server started anew.
    Restarted,
    /// Another server answers at this address.
    ServerChanged,
    /// The target's counters were reset, by hand or by crash recovery.
    CountersReset,
    /// The target dropped entries for want of room: some work was not counted.
    Evicted,
    /// Basira itself did not run, or did not watch this stream.
    NotWatched,
    /// Samples were stored but can no longer be read.
    Damaged,
    /// Samples were dropped before their time, for want of room.
    Dropped,
}

impl GapReason {
    const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::Restarted,
        Self::ServerChanged,
        Self::CountersReset,
        Self::Evicted,
        Self::NotWatched,
        Self::Damaged,
        Self::Dropped,
    ];

    /// The name used by the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Restarted => "restarted",
            Self::ServerChanged => "server_changed",
            Self::CountersReset => "counters_reset",
            Self::Evicted => "evicted",
            Self::NotWatched => "not_watched",
            Self::Damaged => "damaged",
            Self::Dropped => "dropped",
        }
    }

    /// The reason called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Who a series is; written when first seen and when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub stream: &'static Stream,
    pub series: u64,
    /// Series of one group are shown as one line: for statements, the fingerprint of the text.
    pub group: u64,
    /// What else is known, for instance `user_name`; opaque to the store.
    pub labels: serde_json::Map<String, serde_json::Value>,
}

/// A text that is stored once per organization: normalised query texts under their fingerprint, names under their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryEntry {
    pub hash: u64,
    pub text: Arc<str>,
}

/// What is stored of one stream of one database: the newest values of each series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastValues {
    /// Each series with one value per column of the stream.
    pub rows: Vec<(u64, Vec<i64>)>,
    pub texts: HashMap<u64, Arc<str>>,
}

impl LastValues {
    /// The text in a cell of a word column.
    #[must_use]
    pub fn text(&self, cell: i64) -> Option<&str> {
        self.texts.get(&cell.cast_unsigned()).map(AsRef::as_ref)
    }
}

/// Everything that one poll has to say; stored whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub organization: OrganizationId,
    pub database: DatabaseId,
    pub records: Vec<Record>,
    pub gaps: Vec<Gap>,
    pub entries: Vec<Entry>,
    pub dictionary: Vec<DictionaryEntry>,
}

impl Batch {
    /// A batch with nothing in it yet.
    #[must_use]
    pub const fn new(organization: OrganizationId, database: DatabaseId) -> Self {
        Self {
            organization,
            database,
            records: Vec::new(),
            gaps: Vec::new(),
            entries: Vec::new(),
            dictionary: Vec::new(),
        }
    }

    /// Adds `record`; there is one of each stream in a batch, so that none is taken for a repetition of another.
    pub fn push(&mut self, record: Record) {
        match self.records.iter().position(|known| known.stream == record.stream) {
            Some(place) => {
                let known = self.records.swap_remove(place);
                self.records.push(known.joined(record));
            }
            None => self.records.push(record),
        }
    }

    /// Adds everything in `other`.
    pub fn merge(&mut self, mut other: Self) {
        other.records.into_iter().for_each(|record| self.push(record));
        self.gaps.append(&mut other.gaps);
        self.entries.append(&mut other.entries);
        self.dictionary.append(&mut other.dictionary);
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.gaps.is_empty()
            && self.entries.is_empty()
            && self.dictionary.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::streams::EVENTS;

    #[test]
    fn records_of_one_stream_are_joined() {
        let row = |series: u64, value| (series, [value; EVENTS.columns.len()]);
        let record = |from, at, rows| Record::new(&EVENTS, Timestamp(from), Timestamp(at), rows);
        let mut batch = Batch::new(OrganizationId::generate(), DatabaseId::generate());
        batch.push(record(5, 10, vec![row(9, 1), row(2, 2)]));
        batch.push(record(3, 8, vec![row(4, 3), row(9, 4)]));
        assert_eq!(batch.records, [record(3, 10, vec![row(2, 2), row(4, 3), row(9, 4)])]);
    }
}
