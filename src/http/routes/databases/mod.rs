//! Databases: registering them, and everything below `/api/v1/databases/{id}`.

mod clickhouse;
mod collect;
mod collectors;
mod events;
mod overview;
mod postgres;
mod queries;
mod registration;
mod relations;
mod settings;
mod status;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "Databases",
        [
            clickhouse::routes(),
            collect::routes(),
            collectors::routes(),
            events::routes(),
            overview::routes(),
            postgres::routes(),
            queries::routes(),
            registration::routes(),
            relations::routes(),
            settings::routes(),
            status::routes(),
        ],
    )
}
