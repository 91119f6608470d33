//! One file per noun of the API.

mod active;
mod api_keys;
mod auth;
mod collectors;
mod connections;
mod database_health;
mod databases;
mod health;
mod locks;
mod overview;
mod queries;
mod waits;
mod ws_tickets;

use super::Route;

/// The route table.
#[must_use]
pub fn all() -> Vec<Route> {
    [
        active::routes(),
        api_keys::routes(),
        auth::routes(),
        collectors::routes(),
        connections::routes(),
        database_health::routes(),
        databases::routes(),
        health::routes(),
        locks::routes(),
        overview::routes(),
        queries::routes(),
        waits::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
