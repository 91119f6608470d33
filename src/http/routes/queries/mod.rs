//! `GET /api/v1/databases/{id}/queries` and `/queries/{hash}`: what each statement cost over a window.

mod detail;
mod list;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/queries", list::list),
        Route::get("/api/v1/databases/{id}/queries/{hash}", detail::detail),
    ]
}
