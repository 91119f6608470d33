//! Collectors of PostgreSQL 14 and later.

pub(super) mod pg_index;
pub(super) mod pg_stat_activity;
pub(super) mod pg_stat_statements;
pub(super) mod pg_stat_user_indexes;
pub(super) mod pg_stat_user_tables;
pub(super) mod relation_sizes;
