//! One file per noun of the API.

mod active;
mod api_keys;
mod auth;
mod collectors;
mod database_health;
mod databases;
mod extensions;
mod health;
mod overview;
mod queries;
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
        database_health::routes(),
        databases::routes(),
        extensions::routes(),
        health::routes(),
        overview::routes(),
        queries::routes(),
        ws_tickets::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
