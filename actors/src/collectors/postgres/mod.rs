//! Collectors of PostgreSQL 14 and later.

pub(super) mod auto_explain;
pub(super) mod explain_plans;
pub(super) mod pg_stat_activity;
pub(super) mod pg_stat_statements;
