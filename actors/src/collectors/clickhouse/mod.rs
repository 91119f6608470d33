//! Collectors of ClickHouse 18.16 and later.

pub(super) mod ch_processes;
pub(super) mod ch_query_log;
