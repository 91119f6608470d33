//! Health rules and their findings, of one database and of all.

mod doctor;
mod fleet;
mod recommendations;
mod rules;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family("Health", [doctor::routes(), fleet::routes(), recommendations::routes(), rules::routes()])
}
