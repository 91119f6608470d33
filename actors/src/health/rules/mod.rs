//! The rules, one file each. Adding one is a file like its neighbours and a line in [`ALL`].

mod checkpoints_backend_writes;
mod checkpoints_requested;
mod collection_clock_skew;
mod collection_disconnected;
mod collection_failing;
mod connections_saturation;
mod indexes_duplicate;
mod indexes_invalid;
mod indexes_missing;
mod indexes_unused;
mod locks_deadlocks;
mod memory_cache_hit_ratio;
mod queries_plan_changed;
mod queries_regression;
mod queries_rollbacks;
mod queries_stale_statistics;
mod queries_statements_evicted;
mod queries_temp_spills;
mod settings_contradictory;
mod settings_durability;
mod settings_pending_restart;
mod storage_sequence_exhaustion;

use super::Rule;
use crate::model::Engine;

/// Every rule, in alphabetical order.
pub static ALL: &[&Rule] = &[
    &checkpoints_backend_writes::RULE,
    &checkpoints_requested::RULE,
    &collection_clock_skew::RULE,
    &collection_disconnected::RULE,
    &collection_failing::RULE,
    &connections_saturation::RULE,
    &indexes_duplicate::RULE,
    &indexes_invalid::RULE,
    &indexes_missing::RULE,
    &indexes_unused::RULE,
    &locks_deadlocks::RULE,
    &memory_cache_hit_ratio::RULE,
    &queries_plan_changed::RULE,
    &queries_regression::RULE,
    &queries_rollbacks::RULE,
    &queries_stale_statistics::RULE,
    &queries_statements_evicted::RULE,
    &queries_temp_spills::RULE,
    &settings_contradictory::RULE,
    &settings_durability::RULE,
    &settings_pending_restart::RULE,
    &storage_sequence_exhaustion::RULE,
];

/// What is wrong with a database that cannot be judged.
pub static DISCONNECTED: &Rule = &collection_disconnected::RULE;

/// Those that make sense on `engine`.
pub fn of(engine: Engine) -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().filter(move |rule| rule.scope.takes(engine))
}

/// The rule called `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
