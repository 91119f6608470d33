//! `POST /api/v1/auth/ws-ticket`: opens one WebSocket, once, within 30 s, without a token in its URL.

use std::time::Duration;

use serde_json::json;

use crate::http::{Answer, ApiError, Recorded, Request, Route, Tickets, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/auth/ws-ticket", issue).recorded(Recorded::Nothing)]
}

async fn issue(request: Request) -> Answer {
    let principal = request.principal().await?;
    let ticket = request.app.tickets.issue(principal).ok_or_else(|| {
        ApiError::unavailable("too many tickets are waiting to be used", Duration::from_secs(5))
    })?;
    response::ok(&json!({"ticket": ticket, "expires_in": Tickets::LIFETIME.as_secs()}))
}
