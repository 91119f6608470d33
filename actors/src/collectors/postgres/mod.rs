//! Collectors of PostgreSQL 14 and later.

pub(super) mod auto_explain;
pub(super) mod connections;
pub(super) mod explain_plans;
pub(super) mod pg_database;
pub(super) mod pg_extension;
pub(super) mod pg_index;
pub(super) mod pg_locks;
pub(super) mod pg_server;
pub(super) mod pg_settings;
pub(super) mod pg_stat_activity;
pub(super) mod pg_stat_archiver;
pub(super) mod pg_stat_bgwriter;
pub(super) mod pg_stat_database;
pub(super) mod pg_stat_io;
pub(super) mod pg_stat_replication;
pub(super) mod pg_stat_statements;
pub(super) mod pg_stat_subscription;
pub(super) mod pg_stat_user_indexes;
pub(super) mod pg_stat_user_tables;
pub(super) mod pg_stat_wal;
pub(super) mod pg_wait_events;
pub(super) mod relation_sizes;
pub(super) mod sequences;
pub(super) mod vacuum;
pub(super) mod vacuum_progress;
pub(super) mod xid_horizon;
