//! One file per noun of the API.

mod active;
mod api_keys;
mod archiver;
mod audit;
mod auth;
mod bgwriter;
mod cluster;
mod collect;
mod collectors;
mod config_reload;
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
mod instance;
mod invitations;
mod io_stats;
mod locks;
mod log_tables;
mod me;
mod members;
mod merges;
mod mutations;
mod oidc;
mod organization;
mod overview;
mod pages;
mod parts;
mod passwords;
mod queries;
mod recommendations;
mod replication;
mod rules;
mod sequences;
mod server_metrics;
mod settings;
mod subscriptions;
mod tables;
mod totp;
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
        audit::routes(),
        auth::routes(),
        bgwriter::routes(),
        cluster::routes(),
        collect::routes(),
        collectors::routes(),
        config_reload::routes(),
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
        instance::routes(),
        invitations::routes(),
        io_stats::routes(),
        locks::routes(),
        log_tables::routes(),
        me::routes(),
        members::routes(),
        merges::routes(),
        mutations::routes(),
        oidc::routes(),
        organization::routes(),
        overview::routes(),
        pages::routes(),
        parts::routes(),
        passwords::routes(),
        queries::routes(),
        replication::routes(),
        recommendations::routes(),
        rules::routes(),
        sequences::routes(),
        server_metrics::routes(),
        settings::routes(),
        subscriptions::routes(),
        tables::routes(),
        totp::routes(),
        vacuum::routes(),
        waits::routes(),
        wal_stats::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
