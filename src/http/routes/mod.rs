//! One file per noun of the API.

mod active;
mod api_keys;
mod archiver;
mod auth;
mod bgwriter;
mod cluster;
mod collect;
mod collectors;
mod connections;
mod database_health;
mod database_stats;
mod databases;
mod docs;
mod doctor;
mod errors;
mod events;
mod extensions;
mod fleet;
mod health;
mod index_advice;
mod indexes;
mod io_stats;
mod locks;
mod log_tables;
mod merges;
mod mutations;
mod overview;
mod parts;
mod queries;
mod recommendations;
mod replication;
mod rules;
mod sequences;
mod server_metrics;
mod settings;
mod subscriptions;
mod tables;
mod vacuum;
mod waits;
mod wal_stats;
mod ws_tickets;

use super::Route;

/// The route table.
#[must_use]
pub fn all() -> Vec<Route> {
    [
        active::routes(),
        api_keys::routes(),
        archiver::routes(),
        auth::routes(),
        bgwriter::routes(),
        cluster::routes(),
        collect::routes(),
        collectors::routes(),
        connections::routes(),
        database_health::routes(),
        database_stats::routes(),
        databases::routes(),
        docs::routes(),
        doctor::routes(),
        errors::routes(),
        events::routes(),
        extensions::routes(),
        fleet::routes(),
        health::routes(),
        index_advice::routes(),
        indexes::routes(),
        io_stats::routes(),
        locks::routes(),
        log_tables::routes(),
        merges::routes(),
        mutations::routes(),
        overview::routes(),
        parts::routes(),
        queries::routes(),
        replication::routes(),
        recommendations::routes(),
        rules::routes(),
        sequences::routes(),
        server_metrics::routes(),
        settings::routes(),
        subscriptions::routes(),
        tables::routes(),
        vacuum::routes(),
        waits::routes(),
        wal_stats::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
