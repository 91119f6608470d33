//! The changes of relations that are stored.

use std::collections::HashMap;

use crate::collect::Continuity;
use crate::model::relations::Relation;
use crate::model::{ColumnKind, GapReason, NULL, Record, Stream, Timestamp};

/// The rows of the next record, by series.
pub(super) struct Changes<const N: usize> {
    stream: &'static Stream,
    /// The number of counter columns, which come first.
    counters: usize,
    /// The index of the first name column; they come last.
    words: usize,
    rows: HashMap<u64, [i64; N]>,
}

impl<const N: usize> Changes<N> {
    pub(super) fn new(stream: &'static Stream) -> Self {
        let count = |kind: ColumnKind| stream.columns.iter().filter(|column| column.kind == kind).count();
        let (counters, words) = (count(ColumnKind::Sum), N - count(ColumnKind::Text));
        Self { stream, counters, words, rows: HashMap::new() }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Copies the name columns of `like` to `values`.
    pub(super) fn copy_names(&self, values: &mut [i64; N], like: &[i64; N]) {
        values[self.words..].copy_from_slice(&like[self.words..]);
    }

    /// Whether the counters `values` may continue those of `before`, which are not all zero.
    pub(super) fn follow(&self, before: &[i64; N], values: &[i64; N]) -> bool {
        let counters = || before[..self.counters].iter().zip(values);
        counters().all(|(before, now)| now >= before) && counters().any(|(before, _)| *before > 0)
    }

    /// Adds the changes of `relation` since its counters were `before`, or since it was created.
    pub(super) fn add(
        &mut self,
        relation: &Relation<N>,
        before: Option<&[i64; N]>,
        values: &[i64; N],
        continuity: Continuity,
    ) {
        let mut row = *values;
        let counters = &mut row[..self.counters];
        match (continuity, before) {
            (Continuity::Baseline { .. }, _) => counters.fill(NULL),
            (Continuity::SinceReset { .. }, _) | (_, None) => {}
            (Continuity::Delta { gap, .. }, Some(before)) => {
                let fell = counters.iter().zip(before).any(|(now, before)| now < before);
                if fell && gap == Some(GapReason::Restarted) {
                    // it may have read back old counters: it is not known since when they count
                    counters.fill(0);
                } else if !fell {
                    counters.iter_mut().zip(before).for_each(|(now, before)| *now -= before);
                }
            }
        }
        let idle = row[..self.counters].iter().all(|cell| *cell == 0);
        if idle && before == Some(values) {
            return;
        }
        if let Some(earlier) = self.rows.get(&relation.series) {
            row[..self.counters]
                .iter_mut()
                .zip(earlier)
                .for_each(|(cell, earlier)| *cell = sum(*cell, *earlier));
        }
        self.rows.insert(relation.series, row);
    }

    /// Adds the readings of an unchanged relation.
    pub(super) fn add_idle(&mut self, relation: &Relation<N>) {
        let counters = self.counters;
        self.rows.entry(relation.series).or_insert_with(|| {
            let mut row = relation.values;
            row[..counters].fill(0);
            row
        });
    }

    /// Returns everything added as the record of the time after `from` up to `at`.
    pub(super) fn record(&mut self, from: Timestamp, at: Timestamp) -> Record {
        Record::new(self.stream, from, at, self.rows.drain().collect())
    }
}

const fn sum(a: i64, b: i64) -> i64 {
    if a == NULL || b == NULL { NULL } else { a + b }
}
