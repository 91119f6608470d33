//! The rules, one file each. Adding one is a file like its neighbours and a line in [`ALL`].

mod availability_node_missing;
mod availability_server_restarted;
mod collection_clock_skew;
mod collection_disconnected;
mod collection_failing;
mod connections_saturation;
mod inserts_parts_per_partition;
mod inserts_too_small;
mod locks_deadlocks;
mod memory_near_limit;
mod merges_behind;
mod merges_stuck_mutations;
mod queries_failed;
mod queries_p99_regression;
mod replication_delay;
mod replication_queue_errors;
mod replication_read_only;
mod storage_detached_parts;
mod storage_disk_full;
mod storage_log_tables;

use super::Rule;
use crate::model::Engine;

/// Every rule, in alphabetical order.
pub static ALL: &[&Rule] = &[
    &availability_node_missing::RULE,
    &availability_server_restarted::RULE,
    &collection_clock_skew::RULE,
    &collection_disconnected::RULE,
    &collection_failing::RULE,
    &connections_saturation::RULE,
    &inserts_parts_per_partition::RULE,
    &inserts_too_small::RULE,
    &locks_deadlocks::RULE,
    &memory_near_limit::RULE,
    &merges_behind::RULE,
    &merges_stuck_mutations::RULE,
    &queries_failed::RULE,
    &queries_p99_regression::RULE,
    &replication_delay::RULE,
    &replication_queue_errors::RULE,
    &replication_read_only::RULE,
    &storage_detached_parts::RULE,
    &storage_disk_full::RULE,
    &storage_log_tables::RULE,
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

#[cfg(test)]
mod tests;
