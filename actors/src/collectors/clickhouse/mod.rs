//! Collectors of ClickHouse 18.16 and later.

pub(super) mod ch_merges;
pub(super) mod ch_mutations;
pub(super) mod ch_parts;
pub(super) mod ch_processes;
