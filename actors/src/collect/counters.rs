//! The baselines of cumulative counters, by key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::model::{NULL, Timestamp};

/// The baselines of many keys with `N` counters each. Keys are hashes.
#[derive(Debug)]
pub struct Counters<const N: usize> {
    baselines: HashMap<u64, Baseline<N>, BuildHasherDefault<KeyHasher>>,
    sample: u32,
}

#[derive(Debug)]
struct Baseline<const N: usize> {
    values: [i64; N],
    /// When the server started to count for this key, where it reports that (PostgreSQL 17 and later).
    since: Option<Timestamp>,
    sample: u32,
}

/// How the counters of one key changed since the previous sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<const N: usize> {
    Same,
    /// The increase.
    Grown([i64; N]),
    /// Not in the previous sample: its values are the increase.
    New([i64; N]),
    /// Evicted and recreated: its values are the increase since then; what came before the eviction is lost.
    Recreated([i64; N]),
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self { baselines: HashMap::default(), sample: 0 }
    }
}

impl<const N: usize> Counters<N> {
    /// Starts the next sample.
    pub fn begin_sample(&mut self) {
        self.sample = self.sample.wrapping_add(1);
    }

    /// Whether `key` still has the counters `probe` (indices and values), which change with every change of the key. The rest
    /// of such a key need not be read in this sample.
    pub fn is_unchanged(&mut self, key: u64, since: Option<Timestamp>, probe: &[(usize, i64)]) -> bool {
        let Some(baseline) = self.baselines.get_mut(&key) else { return false };
        let same = baseline.since == since
            && probe.iter().all(|&(index, value)| baseline.values.get(index) == Some(&value));
        if same {
            baseline.sample = self.sample;
        }
        same
    }

    /// Takes the values of `key` in this sample and compares them with its baseline. A counter that decreased, or a later
    /// `since`, means that the entry was evicted and recreated.
    pub fn observe(&mut self, key: u64, since: Option<Timestamp>, values: [i64; N]) -> Change<N> {
        let fresh = Baseline { values, since, sample: self.sample };
        let Some(before) = self.baselines.insert(key, fresh) else { return Change::New(values) };
        // a column that is no longer known (a measurement turned off) has not decreased
        let fell = |(old, new): (&i64, &i64)| *new != NULL && new < old;
        if before.since != since || before.values.iter().zip(&values).any(fell) {
            return Change::Recreated(values);
        }
        if before.values == values {
            return Change::Same;
        }
        let mut delta = values;
        for (cell, old) in delta.iter_mut().zip(before.values) {
            // a column that is new (an extension update) has no delta yet
            *cell = if *cell == NULL || old == NULL { NULL } else { *cell - old };
        }
        Change::Grown(delta)
    }

    /// Ends the sample and drops the baselines of keys that were not in it. Returns their number.
    pub fn end_sample(&mut self) -> usize {
        let before = self.baselines.len();
        let sample = self.sample;
        self.baselines.retain(|_, baseline| baseline.sample == sample);
        before - self.baselines.len()
    }

    /// Whether `key` has a baseline.
    #[must_use]
    pub fn contains(&self, key: u64) -> bool {
        self.baselines.contains_key(&key)
    }
}

/// Passes keys through: they are uniformly distributed hashes already.
#[derive(Debug, Default, Clone, Copy)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(counters: &mut Counters<2>, rows: &[(u64, i64, [i64; 2])]) -> Vec<Change<2>> {
        counters.begin_sample();
        let changes = rows
            .iter()
            .map(|&(key, since, values)| counters.observe(key, Some(Timestamp(since)), values))
            .collect();
        counters.end_sample();
        changes
    }

    #[test]
    fn changes() {
        let mut counters = Counters::<2>::default();
        assert_eq!(sample(&mut counters, &[(1, 0, [5, 50])]), [Change::New([5, 50])]);
        assert_eq!(sample(&mut counters, &[(1, 0, [5, 50])]), [Change::Same]);
        assert_eq!(sample(&mut counters, &[(1, 0, [7, 80])]), [Change::Grown([2, 30])]);
        assert_eq!(
            sample(&mut counters, &[(1, 0, [8, 10])]),
            [Change::Recreated([8, 10])],
            "one counter fell"
        );
        assert_eq!(
            sample(&mut counters, &[(1, 9, [8, 10])]),
            [Change::Recreated([8, 10])],
            "recreated with the same values"
        );
        assert_eq!(sample(&mut counters, &[(2, 0, [1, 1])]), [Change::New([1, 1])]);
        assert_eq!(
            sample(&mut counters, &[(1, 9, [9, 11])]),
            [Change::New([9, 11])],
            "missing from one sample"
        );
    }

    #[test]
    fn a_column_that_appears_has_no_delta_yet() {
        let mut counters = Counters::<2>::default();
        sample(&mut counters, &[(1, 0, [5, NULL])]);
        assert_eq!(sample(&mut counters, &[(1, 0, [6, 40])]), [Change::Grown([1, NULL])]);
        assert_eq!(
            sample(&mut counters, &[(1, 0, [7, NULL])]),
            [Change::Grown([1, NULL])],
            "and one that goes"
        );
    }

    #[test]
    fn an_unchanged_key_keeps_its_baseline() {
        let mut counters = Counters::<2>::default();
        sample(&mut counters, &[(1, 0, [5, 50])]);
        counters.begin_sample();
        assert!(!counters.is_unchanged(1, Some(Timestamp(0)), &[(0, 6)]));
        assert!(!counters.is_unchanged(1, Some(Timestamp(1)), &[(0, 5)]));
        assert!(counters.is_unchanged(1, Some(Timestamp(0)), &[(0, 5)]));
        assert_eq!(counters.end_sample(), 0);
        assert!(counters.contains(1));
    }
}
