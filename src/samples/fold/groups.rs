//! Which series belong together.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// The group of each series that has an entry; one without is its own group.
pub(in crate::samples) type Groups = Arc<FxHashMap<u64, u64>>;

/// The series of any of `groups`, ascending.
pub(in crate::samples) fn members(
    groups: &Groups,
    wanted: impl Fn(u64) -> bool,
    alone: impl Iterator<Item = u64>,
) -> Vec<u64> {
    let mut series: Vec<u64> =
        groups.iter().filter(|&(_, &group)| wanted(group)).map(|(&series, _)| series).collect();
    series.extend(alone.filter(|series| !groups.contains_key(series)));
    series.sort_unstable();
    series
}
