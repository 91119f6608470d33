//! The organization of the caller: its members, invitations and audit log.

mod audit;
mod invitations;
mod members;
mod profile;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family("People", [audit::routes(), invitations::routes(), members::routes(), profile::routes()])
}
