//! Stored samples of a span of time.

use std::collections::HashMap;
use std::sync::Arc;

use super::{NULL, Stream, Timestamp};

/// Selects a span of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    pub stream: &'static Stream,
    pub since: Timestamp,
    pub until: Timestamp,
    /// If set, the course of the values in this many steps is returned as well.
    pub steps: Option<u32>,
}

/// The result of a [`HistoryQuery`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    pub series: Vec<HistorySeries>,
    /// The texts of text columns by their hash, and those of the most expensive statements by their fingerprint.
    pub texts: HashMap<u64, Arc<str>>,
}

/// One series, or all series of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySeries {
    pub series: u64,
    /// One value per column of the stream: the sum, or the newest reading.
    pub values: Vec<i64>,
    /// The start of the first record.
    pub first: Timestamp,
    /// The values of each step, oldest first. Steps without records are left out.
    pub points: Vec<(Timestamp, Vec<i64>)>,
}

impl History {
    /// Returns the text with the hash `hash`, the value of a text column or a fingerprint.
    #[must_use]
    pub fn text(&self, hash: i64) -> Option<&str> {
        self.texts.get(&hash.cast_unsigned()).map(AsRef::as_ref)
    }

    /// Returns the start of the first record.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.series.iter().map(|series| series.first).min()
    }
}

impl HistorySeries {
    /// Returns the value of the column called `name`.
    #[must_use]
    pub fn get(&self, stream: &Stream, name: &str) -> Option<i64> {
        let value = *self.values.get(stream.column(name)?)?;
        (value != NULL).then_some(value)
    }

    /// Returns the steps in which the column called `name` has a value.
    #[must_use]
    pub fn course(&self, stream: &Stream, name: &str) -> Vec<(Timestamp, i64)> {
        let Some(column) = stream.column(name) else { return Vec::new() };
        let value = |(at, values): &(Timestamp, Vec<i64>)| Some((*at, *values.get(column)?));
        self.points.iter().filter_map(value).filter(|(_, value)| *value != NULL).collect()
    }
}
