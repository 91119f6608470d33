//! The account of the caller: signing up and in, sessions, the second factor, API keys.

mod api_keys;
mod me;
mod passwords;
mod sessions;
mod totp;
mod ws_tickets;

use crate::http::Route;

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "Accounts",
        [
            api_keys::routes(),
            me::routes(),
            passwords::routes(),
            sessions::routes(),
            totp::routes(),
            ws_tickets::routes(),
        ],
    )
}
