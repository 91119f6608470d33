//! Collectors of ClickHouse 18.16 and later. Adding one is its file, and its module and specification here.

mod ch_cluster;
mod ch_errors;
mod ch_log_tables;
mod ch_merges;
mod ch_mutations;
mod ch_parts;
mod ch_processes;
mod ch_query_log;
mod ch_query_states;
mod ch_replicas;
mod ch_server_metrics;
mod ch_settings;

use crate::collect::Spec;

/// All collectors of this engine, by name.
pub(super) static ALL: &[&Spec] = &[
    &ch_cluster::SPEC,
    &ch_errors::SPEC,
    &ch_log_tables::SPEC,
    &ch_merges::SPEC,
    &ch_mutations::SPEC,
    &ch_parts::SPEC,
    &ch_processes::SPEC,
    &ch_query_log::SPEC,
    &ch_query_states::SPEC,
    &ch_replicas::SPEC,
    &ch_server_metrics::SPEC,
    &ch_settings::SPEC,
];
