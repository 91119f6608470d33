//! Collectors of PostgreSQL 14 and later. Adding one is its file, and its module and specification here.

mod auto_explain;
mod connections;
mod explain_plans;
mod index_advice;
mod pg_database;
mod pg_extension;
mod pg_index;
mod pg_locks;
mod pg_server;
mod pg_settings;
mod pg_stat_activity;
mod pg_stat_archiver;
mod pg_stat_bgwriter;
mod pg_stat_database;
mod pg_stat_io;
mod pg_stat_replication;
mod pg_stat_statements;
mod pg_stat_subscription;
mod pg_stat_user_indexes;
mod pg_stat_user_tables;
mod pg_stat_wal;
mod pg_wait_events;
mod relation_sizes;
mod sequences;
mod vacuum;
mod vacuum_progress;
mod xid_horizon;

use crate::collect::Spec;

/// All collectors of this engine, by name.
pub(super) static ALL: &[&Spec] = &[
    &auto_explain::SPEC,
    &connections::SPEC,
    &explain_plans::SPEC,
    &index_advice::SPEC,
    &pg_database::SPEC,
    &pg_extension::SPEC,
    &pg_index::SPEC,
    &pg_locks::SPEC,
    &pg_server::SPEC,
    &pg_settings::SPEC,
    &pg_stat_activity::SPEC,
    &pg_stat_archiver::SPEC,
    &pg_stat_bgwriter::SPEC,
    &pg_stat_database::SPEC,
    &pg_stat_io::SPEC,
    &pg_stat_replication::SPEC,
    &pg_stat_statements::SPEC,
    &pg_stat_subscription::SPEC,
    &pg_stat_user_indexes::SPEC,
    &pg_stat_user_tables::SPEC,
    &pg_stat_wal::SPEC,
    &pg_wait_events::SPEC,
    &relation_sizes::SPEC,
    &sequences::SPEC,
    &vacuum::SPEC,
    &vacuum_progress::SPEC,
    &xid_horizon::SPEC,
];
