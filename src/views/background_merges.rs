//! What ClickHouse does in the background, at a glance. Pure.

use basira_actors::model::{Merge, MergeSnapshot, Mutation, MutationSnapshot};
use serde::Serialize;

use super::json_cells::float;

/// What `/overview` says of merges and mutations; null what is not known now.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Background {
    /// Without those that rewrite a part for a mutation.
    active_merges: Option<usize>,
    /// From 0 to 100, large merges counting more; null when none runs.
    merge_progress_pct: Option<f64>,
    active_mutations: Option<usize>,
    stuck_mutations: Option<usize>,
}

impl Background {
    #[must_use]
    pub fn new(merges: Option<&MergeSnapshot>, mutations: Option<&MutationSnapshot>) -> Self {
        let merges = merges.map(|seen| {
            seen.merges.iter().filter(|merge| merge.is_mutation != Some(true)).collect::<Vec<&Merge>>()
        });
        let count = |wanted: fn(&Mutation) -> bool| {
            mutations.map(|seen| seen.mutations.iter().filter(|mutation| wanted(mutation)).count())
        };
        Self {
            active_merges: merges.as_ref().map(Vec::len),
            merge_progress_pct: merges.and_then(|merges| progress_pct(&merges)),
            active_mutations: count(|mutation| !mutation.is_done && mutation.is_killed != Some(true)),
            stuck_mutations: count(|mutation| mutation.stuck),
        }
    }
}

fn progress_pct(merges: &[&Merge]) -> Option<f64> {
    let known = merges.iter().filter_map(|merge| {
        let weight = float(merge.total_size_bytes_compressed?.max(1));
        merge.progress_pct.map(|progress| (weight, progress * weight))
    });
    let (weights, progress) = known.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (weights > 0.0).then(|| progress / weights)
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{Merge, MergeSnapshot, MutationSnapshot};

    use super::Background;

    fn merge(bytes: i64, progress_pct: f64, is_mutation: bool) -> Merge {
        Merge {
            host_name: None,
            database: "shop".to_owned(),
            table: "orders".to_owned(),
            elapsed_ms: None,
            progress_pct: Some(progress_pct),
            num_parts: None,
            total_size_bytes_compressed: Some(bytes),
            bytes_read_uncompressed: None,
            rows_read: None,
            rows_written: None,
            memory_usage: None,
            is_mutation: Some(is_mutation),
            merge_type: None,
            result_part_name: None,
        }
    }

    #[test]
    fn large_merges_count_more_and_mutations_do_not_count() {
        let merges = vec![merge(900, 10.0, false), merge(100, 90.0, false), merge(9_000, 99.0, true)];
        let shown = Background::new(Some(&MergeSnapshot { merges }), None);
        assert_eq!((shown.active_merges, shown.active_mutations), (Some(2), None));
        assert!(shown.merge_progress_pct.is_some_and(|pct| (pct - 18.0).abs() < 1e-9), "{shown:?}");
    }

    #[test]
    fn no_running_merges_differs_from_unknown_merges() {
        assert_eq!(Background::new(None, None), Background::default());
        let (merges, mutations) = (MergeSnapshot { merges: vec![] }, MutationSnapshot { mutations: vec![] });
        let quiet = Background::new(Some(&merges), Some(&mutations));
        assert_eq!(
            (quiet.active_merges, quiet.merge_progress_pct, quiet.stuck_mutations),
            (Some(0), None, Some(0))
        );
    }
}
