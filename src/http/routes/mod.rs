//! The handlers, one file per noun of the API, in the folder of its family.

mod account;
mod databases;
mod health;
mod instance;
mod organization;
mod sign_in;

use utoipa::openapi::OpenApi;

use super::{Route, openapi};

/// The route table.
#[must_use]
pub fn all() -> Vec<Route> {
    let families = [
        account::routes(),
        sign_in::routes(),
        organization::routes(),
        databases::routes(),
        health::routes(),
        instance::routes(document),
    ];
    families.into_iter().flatten().collect()
}

/// The OpenAPI document of the route table.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(all())
}
