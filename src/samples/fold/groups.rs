//! Which series belong together.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::samples::Wanted;

/// The group of each series that has an entry; one without is its own group.
pub(in crate::samples) type Groups = Arc<FxHashMap<u64, u64>>;

/// The series of the wanted groups, ascending; none when all are wanted.
pub(in crate::samples) fn wanted_series(groups: &Groups, wanted: &Wanted) -> Option<Vec<u64>> {
    let wanted: FxHashSet<u64> = wanted.groups.as_ref()?.iter().copied().collect();
    let members = groups.iter().filter(|(_, group)| wanted.contains(group)).map(|(&series, _)| series);
    // a series without an entry is its own group
    let alone = wanted.iter().copied().filter(|series| !groups.contains_key(series));
    let mut series: Vec<u64> = members.chain(alone).collect();
    series.sort_unstable();
    Some(series)
}
