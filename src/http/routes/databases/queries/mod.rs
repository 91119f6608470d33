//! Statements: what each cost over a window and by which plans it ran; and the sessions, locks and waits of now.

mod active;
mod detail;
mod explain;
mod list;
mod locks;
mod waits;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "Queries",
        [
            active::routes(),
            detail::routes(),
            explain::routes(),
            list::routes(),
            locks::routes(),
            waits::routes(),
        ],
    )
}
