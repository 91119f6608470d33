//! The instance: probes, the API document, pages, and what instance admins may do.

mod about;
mod administration;
mod config_reload;
mod docs;
mod pages;
mod probes;

use utoipa::openapi::OpenApi;

use crate::http::Route;

/// `document` makes the API document of all routes.
pub(super) fn routes(document: fn() -> OpenApi) -> Vec<Route> {
    Route::family(
        "Instance",
        [
            about::routes(),
            administration::routes(),
            config_reload::routes(),
            docs::routes(document),
            pages::routes(),
            probes::routes(),
        ],
    )
}
