//! Samples on their way to the store.

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
    /// The hash of a [`Word`].
    Word,
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
pub struct Word {
    pub hash: u64,
    pub text: Arc<str>,
}

/// Everything that one poll has to say; stored whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub organization: OrganizationId,
    pub database: DatabaseId,
    pub records: Vec<Record>,
    pub gaps: Vec<Gap>,
    pub entries: Vec<Entry>,
    pub words: Vec<Word>,
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
            words: Vec::new(),
        }
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty() && self.gaps.is_empty() && self.entries.is_empty() && self.words.is_empty()
    }
}
