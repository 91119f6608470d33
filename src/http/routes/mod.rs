//! The handlers, one file per noun of the API, in the folder of its family.

mod account;
mod databases;
mod health;
mod instance;
mod organization;

use super::Route;

/// The route table.
#[must_use]
pub fn all() -> Vec<Route> {
    [account::routes(), databases::routes(), health::routes(), instance::routes(), organization::routes()]
        .into_iter()
        .flatten()
        .collect()
}
