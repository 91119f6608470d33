//! Which series belong together.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::samples::Projection;

/// The group of each series that has an entry; one without is its own group.
pub(in crate::samples) type Groups = Arc<FxHashMap<u64, u64>>;

/// The series of the wanted groups, ascending; none when all are wanted.
pub(in crate::samples) fn wanted_series(groups: &Groups, wanted: &Projection) -> Option<Vec<u64>> {
    let Some(of_groups) = &wanted.groups else { return wanted.series.clone() };
    let of_groups: FxHashSet<u64> = of_groups.iter().copied().collect();
    let is_wanted =
        |series: &u64| wanted.series.as_ref().is_none_or(|wanted| wanted.binary_search(series).is_ok());
    let members = groups.iter().filter(|(_, group)| of_groups.contains(group)).map(|(&series, _)| series);
    // a series without an entry is its own group
    let alone = of_groups.iter().copied().filter(|series| !groups.contains_key(series));
    let mut series: Vec<u64> = members.chain(alone).filter(is_wanted).collect();
    series.sort_unstable();
    Some(series)
}
