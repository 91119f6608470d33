//! The previous values of cumulative counters, by key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::model::{NULL, Timestamp};

/// Baselines of many keys with `N` counters each. Keys are hashes already.
#[derive(Debug)]
pub struct Counters<const N: usize> {
    baselines: HashMap<u64, Baseline<N>, BuildHasherDefault<KeyHasher>>,
    round: u32,
}

#[derive(Debug)]
struct Baseline<const N: usize> {
    values: [i64; N],
    /// When the server began counting for this key, where it says so (PostgreSQL 17 and later).
    since: Option<Timestamp>,
    round: u32,
}

/// What became of one key since the sample before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<const N: usize> {
    Same,
    /// Grew by this much.
    Grown([i64; N]),
    /// Was not there before: its values are what happened since.
    New([i64; N]),
    /// Was thrown away and made anew: its values are what happened since then, and more may have happened before.
    Recreated([i64; N]),
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self { baselines: HashMap::default(), round: 0 }
    }
}

impl<const N: usize> Counters<N> {
    /// Opens the next sample.
    pub fn begin_sample(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Whether `key` still has the counters `probe` (indices and values) that move with every change. Such a key
    /// need not be read any further in this round.
    pub fn is_unchanged(&mut self, key: u64, since: Option<Timestamp>, probe: &[(usize, i64)]) -> bool {
        let Some(baseline) = self.baselines.get_mut(&key) else { return false };
        let same = baseline.since == since
            && probe.iter().all(|&(index, value)| baseline.values.get(index) == Some(&value));
        if same {
            baseline.round = self.round;
        }
        same
    }

    /// Takes the values of `key` in this round and compares them with those before. A counter that went down, or a
    /// later `since`, means that the entry was thrown away and made anew.
    pub fn observe(&mut self, key: u64, since: Option<Timestamp>, values: [i64; N]) -> Change<N> {
        let fresh = Baseline { values, since, round: self.round };
        let Some(before) = self.baselines.insert(key, fresh) else { return Change::New(values) };
        // a column that is not known any more (a measurement switched off) has not gone down
        let fell = |(old, new): (&i64, &i64)| *new != NULL && new < old;
        if before.since != since || before.values.iter().zip(&values).any(fell) {
            return Change::Recreated(values);
        }
        if before.values == values {
            return Change::Same;
        }
        let mut delta = values;
        for (cell, old) in delta.iter_mut().zip(before.values) {
            // a column that the server has only now (an extension update) has no delta yet
            *cell = if *cell == NULL || old == NULL { NULL } else { *cell - old };
        }
        Change::Grown(delta)
    }

    /// Closes the sample: a key that was not in it loses its baseline at once. Returns how many did.
    pub fn end_sample(&mut self) -> usize {
        let before = self.baselines.len();
        let round = self.round;
        self.baselines.retain(|_, baseline| baseline.round == round);
        before - self.baselines.len()
    }

    /// Whether `key` was in the sample before or this one.
    #[must_use]
    pub fn contains(&self, key: u64) -> bool {
        self.baselines.contains_key(&key)
    }
}

/// Keys are uniformly distributed hashes: hashing them again would only cost time.
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

    fn round(counters: &mut Counters<2>, rows: &[(u64, i64, [i64; 2])]) -> Vec<Change<2>> {
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
        assert_eq!(round(&mut counters, &[(1, 0, [5, 50])]), [Change::New([5, 50])]);
        assert_eq!(round(&mut counters, &[(1, 0, [5, 50])]), [Change::Same]);
        assert_eq!(round(&mut counters, &[(1, 0, [7, 80])]), [Change::Grown([2, 30])]);
        assert_eq!(
            round(&mut counters, &[(1, 0, [8, 10])]),
            [Change::Recreated([8, 10])],
            "one counter fell"
        );
        assert_eq!(
            round(&mut counters, &[(1, 9, [8, 10])]),
            [Change::Recreated([8, 10])],
            "made anew, same values"
        );
        assert_eq!(round(&mut counters, &[(2, 0, [1, 1])]), [Change::New([1, 1])]);
        assert_eq!(round(&mut counters, &[(1, 9, [9, 11])]), [Change::New([9, 11])], "gone for one round");
    }

    #[test]
    fn a_column_that_appears_has_no_delta_yet() {
        let mut counters = Counters::<2>::default();
        round(&mut counters, &[(1, 0, [5, NULL])]);
        assert_eq!(round(&mut counters, &[(1, 0, [6, 40])]), [Change::Grown([1, NULL])]);
        assert_eq!(
            round(&mut counters, &[(1, 0, [7, NULL])]),
            [Change::Grown([1, NULL])],
            "and one that goes"
        );
    }

    #[test]
    fn an_untouched_key_stays_known() {
        let mut counters = Counters::<2>::default();
        round(&mut counters, &[(1, 0, [5, 50])]);
        counters.begin_sample();
        assert!(!counters.is_unchanged(1, Some(Timestamp(0)), &[(0, 6)]));
        assert!(!counters.is_unchanged(1, Some(Timestamp(1)), &[(0, 5)]));
        assert!(counters.is_unchanged(1, Some(Timestamp(0)), &[(0, 5)]));
        assert_eq!(counters.end_sample(), 0);
        assert!(counters.contains(1));
    }
}
