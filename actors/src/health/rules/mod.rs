//! The rules, one file each. Adding one is its file, and its module and line in [`ALL`] here.

mod availability_node_missing;
mod availability_restarted;
mod availability_server_restarted;
mod checkpoints_backend_writes;
mod checkpoints_requested;
mod collection_clock_skew;
mod collection_disconnected;
mod collection_failing;
mod collection_storage_failing;
mod connections_saturation;
mod indexes_advised;
mod indexes_duplicate;
mod indexes_invalid;
mod indexes_missing;
mod indexes_unused;
mod inserts_parts_per_partition;
mod inserts_too_small;
mod locks_blocked;
mod locks_deadlocks;
mod memory_cache_hit_ratio;
mod memory_near_limit;
mod merges_behind;
mod merges_stuck_mutations;
mod queries_failed;
mod queries_p99_regression;
mod queries_plan_changed;
mod queries_regression;
mod queries_rollbacks;
mod queries_stale_statistics;
mod queries_statements_evicted;
mod queries_temp_spills;
mod replication_delay;
mod replication_inactive_slot;
mod replication_lost_slot;
mod replication_queue_errors;
mod replication_read_only;
mod replication_replay_lag;
mod replication_sending_lag;
mod replication_standby_lag;
mod replication_subscription;
mod settings_contradictory;
mod settings_durability;
mod settings_pending_restart;
mod storage_archiving;
mod storage_checksum_failures;
mod storage_detached_parts;
mod storage_disk_full;
mod storage_log_tables;
mod storage_sequence_exhaustion;
mod transactions_idle;
mod transactions_long;
mod transactions_prepared;
mod vacuum_behind;
mod vacuum_blocked;
mod vacuum_dead_tuples;
mod vacuum_multixact_wraparound;
mod vacuum_xid_wraparound;

use super::Rule;
use crate::model::Engine;

/// Every rule, in alphabetical order.
pub static ALL: &[&Rule] = &[
    &availability_node_missing::RULE,
    &availability_restarted::RULE,
    &availability_server_restarted::RULE,
    &checkpoints_backend_writes::RULE,
    &checkpoints_requested::RULE,
    &collection_clock_skew::RULE,
    &collection_disconnected::RULE,
    &collection_failing::RULE,
    &collection_storage_failing::RULE,
    &connections_saturation::RULE,
    &indexes_advised::RULE,
    &indexes_duplicate::RULE,
    &indexes_invalid::RULE,
    &indexes_missing::RULE,
    &indexes_unused::RULE,
    &inserts_parts_per_partition::RULE,
    &inserts_too_small::RULE,
    &locks_blocked::RULE,
    &locks_deadlocks::RULE,
    &memory_cache_hit_ratio::RULE,
    &memory_near_limit::RULE,
    &merges_behind::RULE,
    &merges_stuck_mutations::RULE,
    &queries_failed::RULE,
    &queries_p99_regression::RULE,
    &queries_plan_changed::RULE,
    &queries_regression::RULE,
    &queries_rollbacks::RULE,
    &queries_stale_statistics::RULE,
    &queries_statements_evicted::RULE,
    &queries_temp_spills::RULE,
    &replication_delay::RULE,
    &replication_inactive_slot::RULE,
    &replication_lost_slot::RULE,
    &replication_queue_errors::RULE,
    &replication_read_only::RULE,
    &replication_replay_lag::RULE,
    &replication_sending_lag::RULE,
    &replication_standby_lag::RULE,
    &replication_subscription::RULE,
    &settings_contradictory::RULE,
    &settings_durability::RULE,
    &settings_pending_restart::RULE,
    &storage_archiving::RULE,
    &storage_checksum_failures::RULE,
    &storage_detached_parts::RULE,
    &storage_disk_full::RULE,
    &storage_log_tables::RULE,
    &storage_sequence_exhaustion::RULE,
    &transactions_idle::RULE,
    &transactions_long::RULE,
    &transactions_prepared::RULE,
    &vacuum_behind::RULE,
    &vacuum_blocked::RULE,
    &vacuum_dead_tuples::RULE,
    &vacuum_multixact_wraparound::RULE,
    &vacuum_xid_wraparound::RULE,
];

/// The rule of a database that cannot be read.
pub static DISCONNECTED: &Rule = &collection_disconnected::RULE;

/// The rule of a database that is not read because its samples cannot be stored.
pub static STORAGE_FAILING: &Rule = &collection_storage_failing::RULE;

/// Returns the rules for `engine`.
pub fn of(engine: Engine) -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().filter(move |rule| rule.scope.takes(engine))
}

/// Returns the rule with the id `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
