//! The instance: probes, the API document, pages, and what instance admins may do.

mod administration;
mod config_reload;
mod docs;
mod pages;
mod probes;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    [administration::routes(), config_reload::routes(), docs::routes(), pages::routes(), probes::routes()]
        .into_iter()
        .flatten()
        .collect()
}
