//! What was stored, for those who look at a span rather than at an instant.

use std::collections::HashMap;
use std::sync::Arc;

use super::{NULL, Stream, Timestamp};

/// Which span of which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    pub stream: &'static Stream,
    pub since: Timestamp,
    pub until: Timestamp,
    /// Also how it went, in this many steps.
    pub steps: Option<u32>,
}

/// What is stored of a [`HistoryQuery`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    pub series: Vec<HistorySeries>,
    /// The texts behind word columns; of statements also those of the costliest ones, by their fingerprint.
    pub texts: HashMap<u64, Arc<str>>,
}

/// One series, or the series of one group, over the span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySeries {
    pub series: u64,
    /// Summed; of a reading the newest. One per column of the stream.
    pub values: Vec<i64>,
    /// Where its first record begins.
    pub first: Timestamp,
    /// Each step with the values of its records, oldest first; steps without records are absent.
    pub points: Vec<(Timestamp, Vec<i64>)>,
}

impl History {
    /// The text in a word column of a row, or behind a fingerprint.
    #[must_use]
    pub fn text(&self, word: i64) -> Option<&str> {
        self.texts.get(&word.cast_unsigned()).map(AsRef::as_ref)
    }

    /// Where the first record begins.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.series.iter().map(|series| series.first).min()
    }
}

impl HistorySeries {
    /// The value of the column called `name`.
    #[must_use]
    pub fn get(&self, stream: &Stream, name: &str) -> Option<i64> {
        let value = *self.values.get(stream.column(name)?)?;
        (value != NULL).then_some(value)
    }

    /// The steps in which the column called `name` has a value.
    #[must_use]
    pub fn course(&self, stream: &Stream, name: &str) -> Vec<(Timestamp, i64)> {
        let Some(place) = stream.column(name) else { return Vec::new() };
        let value = |(at, values): &(Timestamp, Vec<i64>)| Some((*at, *values.get(place)?));
        self.points.iter().filter_map(value).filter(|(_, value)| *value != NULL).collect()
    }
}
