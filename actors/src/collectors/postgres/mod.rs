//! Collectors of PostgreSQL 14 and later.

pub(super) mod pg_database;
pub(super) mod pg_extension;
pub(super) mod pg_stat_activity;
pub(super) mod pg_stat_statements;
