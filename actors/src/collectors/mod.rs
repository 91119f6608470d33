//! Every collector there is. One file each; adding one touches that file and the list here.

mod clickhouse;
mod postgres;

use crate::collect::{Every, Spec};
use crate::model::Engine;

/// All collectors, by name.
static ALL: &[&Spec] = &[
    &clickhouse::ch_cluster::SPEC,
    &clickhouse::ch_errors::SPEC,
    &clickhouse::ch_log_tables::SPEC,
    &clickhouse::ch_merges::SPEC,
    &clickhouse::ch_mutations::SPEC,
    &clickhouse::ch_parts::SPEC,
    &clickhouse::ch_processes::SPEC,
    &clickhouse::ch_query_log::SPEC,
    &clickhouse::ch_query_states::SPEC,
    &clickhouse::ch_replicas::SPEC,
    &clickhouse::ch_server_metrics::SPEC,
    &clickhouse::ch_settings::SPEC,
    &postgres::auto_explain::SPEC,
    &postgres::connections::SPEC,
    &postgres::explain_plans::SPEC,
    &postgres::index_advice::SPEC,
    &postgres::pg_database::SPEC,
    &postgres::pg_extension::SPEC,
    &postgres::pg_index::SPEC,
    &postgres::pg_locks::SPEC,
    &postgres::pg_server::SPEC,
    &postgres::pg_settings::SPEC,
    &postgres::pg_stat_activity::SPEC,
    &postgres::pg_stat_archiver::SPEC,
    &postgres::pg_stat_bgwriter::SPEC,
    &postgres::pg_stat_database::SPEC,
    &postgres::pg_stat_io::SPEC,
    &postgres::pg_stat_replication::SPEC,
    &postgres::pg_stat_statements::SPEC,
    &postgres::pg_stat_subscription::SPEC,
    &postgres::pg_stat_user_indexes::SPEC,
    &postgres::pg_stat_user_tables::SPEC,
    &postgres::pg_stat_wal::SPEC,
    &postgres::pg_wait_events::SPEC,
    &postgres::relation_sizes::SPEC,
    &postgres::sequences::SPEC,
    &postgres::vacuum::SPEC,
    &postgres::vacuum_progress::SPEC,
    &postgres::xid_horizon::SPEC,
];

/// The collectors of `engine`: live ones first, so that a slow one delays no stream.
pub fn of(engine: Engine) -> impl Iterator<Item = &'static Spec> {
    let of_pace = move |live: bool| {
        let wanted =
            move |spec: &&&Spec| spec.engine == engine && matches!(spec.every, Every::Live(_)) == live;
        ALL.iter().filter(wanted).copied()
    };
    of_pace(true).chain(of_pace(false))
}

/// The names that `disabled_collectors` takes: those of the contract, also where this version does not collect them
/// yet, so that a client's settings stay valid.
#[must_use]
pub const fn names(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &[
            "auto_explain",
            "connections",
            "explain_plans",
            "index_advice",
            "pg_database",
            "pg_extension",
            "pg_index",
            "pg_locks",
            "pg_server",
            "pg_settings",
            "pg_stat_activity",
            "pg_stat_archiver",
            "pg_stat_bgwriter",
            "pg_stat_database",
            "pg_stat_io",
            "pg_stat_replication",
            "pg_stat_statements",
            "pg_stat_subscription",
            "pg_stat_user_indexes",
            "pg_stat_user_tables",
            "pg_stat_wal",
            "pg_wait_events",
            "relation_sizes",
            "sequences",
            "vacuum",
            "vacuum_progress",
            "xid_horizon",
        ],
        Engine::Clickhouse => &[
            "ch_cluster",
            "ch_errors",
            "ch_log_tables",
            "ch_merges",
            "ch_mutations",
            "ch_parts",
            "ch_processes",
            "ch_query_log",
            "ch_query_states",
            "ch_replicas",
            "ch_server_metrics",
            "ch_settings",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_name_is_known() {
        assert!(ALL.is_sorted_by_key(|spec| (spec.engine.as_str(), spec.name)));
        for spec in ALL {
            assert!(names(spec.engine).contains(&spec.name), "{}", spec.name);
        }
        for engine in [Engine::Postgres, Engine::Clickhouse] {
            assert!(names(engine).is_sorted());
        }
    }
}
