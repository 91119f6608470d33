//! What was counted of the newest slices of the log: a row that comes late makes its slice grow, and is counted once.

use std::collections::{BTreeMap, HashMap};

/// The columns that add up, in the order of the answer.
pub(super) const SUMS: usize = 11;

/// What some calls came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) sums: [i64; SUMS],
    /// Calls by bucket of duration.
    pub(super) durations: Vec<(u32, i64)>,
    /// Calls by code of the error that they ended with.
    pub(super) exceptions: Vec<(i64, i64)>,
}

/// By slice and series.
#[derive(Debug, Default)]
pub(super) struct Counted {
    slices: BTreeMap<i64, HashMap<u64, Count>>,
}

impl Counted {
    /// What `now` has that was not counted yet; nothing when all was, or when the log lost rows.
    pub(super) fn growth(&self, slice: i64, series: u64, now: &Count) -> Option<Count> {
        let Some(before) = self.slices.get(&slice).and_then(|counts| counts.get(&series)) else {
            return Some(now.clone());
        };
        if now.sums[0] <= before.sums[0] {
            return None;
        }
        let mut sums = now.sums;
        sums.iter_mut().zip(before.sums).for_each(|(sum, before)| *sum = grown(*sum, before));
        Some(Count {
            sums,
            durations: grown_by_key(&now.durations, &before.durations),
            exceptions: grown_by_key(&now.exceptions, &before.exceptions),
        })
    }

    /// Everything of `counts` is counted.
    pub(super) fn commit(&mut self, counts: Vec<(i64, u64, Count)>) {
        for (slice, series, count) in counts {
            self.slices.entry(slice).or_default().insert(series, count);
        }
    }

    /// Slices before `slice` are not read again.
    pub(super) fn forget_before(&mut self, slice: i64) {
        self.slices = self.slices.split_off(&slice);
    }
}

/// A column that is not known stays so.
const fn grown(now: i64, before: i64) -> i64 {
    if now == crate::model::NULL || before == crate::model::NULL { now } else { now - before }
}

fn grown_by_key<K: Copy + Eq>(now: &[(K, i64)], before: &[(K, i64)]) -> Vec<(K, i64)> {
    let counted = |key: K| before.iter().find(|(known, _)| *known == key).map_or(0, |(_, count)| *count);
    now.iter().map(|(key, count)| (*key, count - counted(*key))).filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NULL;

    fn count(calls: i64, durations: &[(u32, i64)]) -> Count {
        let mut sums = [calls * 10; SUMS];
        (sums[0], sums[9]) = (calls, NULL);
        Count { sums, durations: durations.to_vec(), exceptions: Vec::new() }
    }

    #[test]
    fn nothing_is_counted_twice_and_late_rows_once() {
        let mut counted = Counted::default();
        let first = count(2, &[(1, 2)]);
        assert_eq!(counted.growth(7, 1, &first), Some(first.clone()));
        counted.commit(vec![(7, 1, first.clone())]);
        assert_eq!(counted.growth(7, 1, &first), None);
        let later = count(5, &[(1, 3), (9, 2)]);
        assert_eq!(counted.growth(7, 1, &later), Some(count(3, &[(1, 1), (9, 2)])));
        // the log was cut: what is gone was counted
        assert_eq!(counted.growth(7, 1, &count(1, &[(1, 1)])), None);
        counted.forget_before(8);
        assert_eq!(counted.growth(7, 1, &first), Some(first));
    }
}
