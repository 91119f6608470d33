//! One file per noun of the API.

mod active;
mod api_keys;
mod archiver;
mod auth;
mod collect;
mod collectors;
mod database_health;
mod database_stats;
mod databases;
mod events;
mod health;
mod overview;
mod queries;
mod sequences;
mod settings;
mod subscriptions;
mod vacuum;
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
        collect::routes(),
        collectors::routes(),
        database_health::routes(),
        database_stats::routes(),
        databases::routes(),
        events::routes(),
        health::routes(),
        overview::routes(),
        queries::routes(),
        sequences::routes(),
        settings::routes(),
        subscriptions::routes(),
        vacuum::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
