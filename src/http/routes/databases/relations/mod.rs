//! Tables and indexes.

mod index_advice;
mod indexes;
mod lookup;
mod tables;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family("Tables and indexes", [index_advice::routes(), indexes::routes(), tables::routes()])
}
