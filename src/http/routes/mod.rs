//! One file per noun of the API.

mod health;

use super::Route;

/// The route table.
#[must_use]
pub fn all() -> Vec<Route> {
    [health::routes()].into_iter().flatten().collect()
}
