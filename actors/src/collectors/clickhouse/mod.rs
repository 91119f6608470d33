//! Collectors of ClickHouse 18.16 and later.

pub(super) mod ch_cluster;
pub(super) mod ch_processes;
