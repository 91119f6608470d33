//! Views of PostgreSQL internals.

mod archiver;
mod bgwriter;
mod connections;
mod database_stats;
mod extensions;
mod io_stats;
mod replication;
mod sequences;
mod subscriptions;
mod vacuum;
mod wal_stats;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "PostgreSQL",
        [
            archiver::routes(),
            bgwriter::routes(),
            connections::routes(),
            database_stats::routes(),
            extensions::routes(),
            io_stats::routes(),
            replication::routes(),
            sequences::routes(),
            subscriptions::routes(),
            vacuum::routes(),
            wal_stats::routes(),
        ],
    )
}
