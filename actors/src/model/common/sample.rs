//! Samples as collectors produce them and the store takes them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DatabaseId, OrganizationId, Timestamp};

/// The value of a cell of a [`Record`] that is not known, as opposed to 0.
pub const NULL: i64 = i64::MIN;

/// A kind of samples with a fixed list of columns. Columns are only ever appended.
#[derive(Debug, PartialEq, Eq)]
pub struct Stream {
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// One column of a [`Stream`]; every value is a 64-bit integer.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Ends in its unit: `total_time_us`, `wal_bytes`.
    pub name: &'static str,
    pub kind: ColumnKind,
}

/// How the values of a column are aggregated over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A delta: values are added.
    Sum,
    /// A reading: the newest value is taken.
    Last,
    /// A text, stored as the hash of its [`DictionaryEntry`]: the newest value is taken.
    Text,
}

impl Stream {
    /// Returns the position of the column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The samples that one poll adds to a stream. They cover the time after `from` up to `at`, by the clock of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub stream: &'static Stream,
    pub from: Timestamp,
    pub at: Timestamp,
    /// Ascending, without duplicates.
    pub series: Vec<u64>,
    /// One vector per column of the stream, each as long as `series`; [`NULL`] where not known.
    pub columns: Vec<Vec<i64>>,
}

impl Record {
    /// Builds a record from rows in any order, one per series.
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
        let column = |index: usize| rows.iter().map(|(_, values)| values[index]).collect();
        let columns = (0..N).map(column).collect();
        Self { stream, from, at, series: rows.iter().map(|(series, _)| *series).collect(), columns }
    }

    /// Joins two records into one over both spans. Where both have a series, that of `other` is kept.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let (from, at) = (self.from.min(other.from), self.at.max(other.at));
        let mut rows: Vec<(u64, bool, usize)> = Vec::with_capacity(self.series.len() + other.series.len());
        rows.extend(self.series.iter().enumerate().map(|(row, &series)| (series, true, row)));
        rows.extend(other.series.iter().enumerate().map(|(row, &series)| (series, false, row)));
        rows.sort_unstable();
        rows.dedup_by_key(|(series, ..)| *series);
        let column = |(left, right): (Vec<i64>, Vec<i64>)| {
            rows.iter().map(|&(_, of_self, row)| if of_self { left[row] } else { right[row] }).collect()
        };
        let columns = self.columns.into_iter().zip(other.columns).map(column).collect();
        let series = rows.iter().map(|(series, ..)| *series).collect();
        Self { stream: self.stream, from, at, series, columns }
    }
}

/// A span without complete samples.
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
    /// The database could not be read.
    Unreachable,
    /// The server was restarted.
    Restarted,
    /// Another server answers at this address.
    ServerChanged,
    /// The counters were reset, by hand or by crash recovery.
    CountersReset,
    /// The server evicted entries, so that part of the work was not counted.
    Evicted,
    /// Basira itself did not run, or did not watch this stream.
    NotWatched,
    /// Stored samples can no longer be read.
    Damaged,
    /// Samples were deleted before their retention ended because the store was full.
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

    /// Returns the name used in the API and in storage.
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

    /// Returns the reason called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Describes a series; stored when it is first seen and when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesEntry {
    pub stream: &'static Stream,
    pub series: u64,
    /// Series of one group are shown as one row: for statements, the fingerprint of the text.
    pub group: u64,
    /// Further properties such as `user_name`; opaque to the store.
    pub labels: serde_json::Map<String, serde_json::Value>,
}

/// A text that is stored once per organization: query texts under their fingerprint, names under their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryEntry {
    pub hash: u64,
    pub text: Arc<str>,
}

/// The newest stored values of each series of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastValues {
    /// Each series with one value per column of the stream.
    pub rows: Vec<(u64, Vec<i64>)>,
    pub texts: HashMap<u64, Arc<str>>,
}

impl LastValues {
    /// Returns the text with the hash `cell`, the value of a text column.
    #[must_use]
    pub fn text(&self, cell: i64) -> Option<&str> {
        self.texts.get(&cell.cast_unsigned()).map(AsRef::as_ref)
    }
}

/// Everything that one poll stores, atomically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub organization: OrganizationId,
    pub database: DatabaseId,
    pub records: Vec<Record>,
    pub gaps: Vec<Gap>,
    pub entries: Vec<SeriesEntry>,
    pub dictionary: Vec<DictionaryEntry>,
}

impl Batch {
    /// Creates an empty batch.
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

    /// Adds `record`. A batch has one record per stream, so that none is taken for a repetition of another.
    pub fn push(&mut self, record: Record) {
        match self.records.iter().position(|known| known.stream == record.stream) {
            Some(index) => {
                let known = self.records.swap_remove(index);
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

    /// Returns whether there is nothing to store.
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
