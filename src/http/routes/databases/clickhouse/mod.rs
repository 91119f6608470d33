//! Views of ClickHouse internals.

mod cluster;
mod errors;
mod log_tables;
mod merges;
mod mutations;
mod parts;
mod server_metrics;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "ClickHouse",
        [
            cluster::routes(),
            errors::routes(),
            log_tables::routes(),
            merges::routes(),
            mutations::routes(),
            parts::routes(),
            server_metrics::routes(),
        ],
    )
}
