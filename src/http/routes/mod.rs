//! One file per noun of the API.

mod active;
mod api_keys;
mod auth;
mod bgwriter;
mod collectors;
mod connections;
mod database_health;
mod databases;
mod health;
mod io_stats;
mod locks;
mod overview;
mod queries;
mod replication;
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
        auth::routes(),
        bgwriter::routes(),
        collectors::routes(),
        connections::routes(),
        database_health::routes(),
        databases::routes(),
        health::routes(),
        io_stats::routes(),
        locks::routes(),
        overview::routes(),
        queries::routes(),
        replication::routes(),
        waits::routes(),
        wal_stats::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
