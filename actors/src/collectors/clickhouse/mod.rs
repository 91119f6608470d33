//! Collectors of ClickHouse 18.16 and later.

pub(super) mod ch_cluster;
pub(super) mod ch_errors;
pub(super) mod ch_log_tables;
pub(super) mod ch_merges;
pub(super) mod ch_mutations;
pub(super) mod ch_parts;
pub(super) mod ch_processes;
pub(super) mod ch_query_log;
pub(super) mod ch_query_states;
pub(super) mod ch_replicas;
pub(super) mod ch_server_metrics;
pub(super) mod ch_settings;
