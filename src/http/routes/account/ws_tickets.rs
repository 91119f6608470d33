//! `POST /api/v1/auth/ws-ticket`: opens one WebSocket, once, within 30 s, without a token in its URL.

use serde_json::json;

use crate::auth::{Principal, Role, WsTickets};
use crate::http::{Answer, AuditPolicy, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/auth/ws-ticket",
            "A ticket that opens one WebSocket, once, within 30 s",
            Role::Viewer,
            issue,
        )
        .audited(AuditPolicy::Never)
        .object("ticket expires_in:integer"),
    ]
}

async fn issue(request: Request, principal: Principal) -> Answer {
    let quota = request.app.config().limits.quotas.stream_tickets;
    let ticket = request.app.ws_tickets.issue(principal, quota)?;
    response::ok(&json!({"ticket": ticket, "expires_in": WsTickets::LIFETIME.as_secs()}))
}
