//! `GET /api/v1/databases/{id}/active` and its live stream `/active/ws`: what runs right now, longest first;
//! with `at`, what ran then.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use basira_actors::supervisor::{LiveSubscription, Unavailable};
use uuid::Uuid;

use crate::auth::{Credential, Principal};
use crate::http::live::{self, Session, StreamAccess};
use crate::http::{
    Anonymous, Answer, ApiError, DatabaseAccess, LiveStreamUpgrade, Query, Request, Route, Watched, response,
};
use crate::limits::Permit;
use crate::views::activity;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/active", "What runs, longest first", DatabaseAccess::ANY, list)
            .at()
            .limit(50, 200)
            .list("ActiveQuery")
            .schema("ActiveQuery", ACTIVE_QUERY_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/active/ws",
            "What runs, as a live stream: WebSocket with frames of JSON",
            LiveStreamUpgrade,
            stream,
        )
        .query("token", "string", "An access token")
        .query("ticket", "string", "From POST /api/v1/auth/ws-ticket")
        .query("interval", "integer[1,60]", "Seconds between snapshots; 5 if not given")
        .frames(
            "LiveFrame",
            "WebSocket from here on, each frame like this; refusals are close codes 4400, 4401, 4403, 4404",
        )
        .refuses(426)
        .schema("LiveFrame", LIVE_FRAME_FIELDS),
    ]
}

const ACTIVE_QUERY_FIELDS: &str = "pid:integer? query_text? query_hash:hash? state? wait_event_type? wait_event? \
    duration_ms:integer? transaction_ms:integer? blocking_pids:integer[] user_name? database_name? \
    application_name? client_addr? backend_type? ts:time (query_id? host_name? memory_usage:integer? \
    peak_memory_usage:integer? read_rows:integer? read_bytes:integer? written_rows:integer? \
    written_bytes:integer? total_rows_approx:integer?)";
const LIVE_FRAME_FIELDS: &str = "type={hello|snapshot|status} (database_id:uuid interval_seconds:integer) \
    (ts:time seq:integer queries:ActiveQuery[]) (status:Status last_error)";

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let limit = query.limit(50, 200)?;
    if let Some(at) = query.moment(Timestamp::now())? {
        return match activity::at(&*request.app.samples, watched.scope, at).await? {
            Ok(queries) => response::list(&queries[..limit.min(queries.len())], queries.len()),
            Err(reason) => response::unavailable_list(&reason),
        };
    }
    let Some(handle) = request.app.directory().find(watched.database.id) else {
        return response::unavailable_list("the database is not watched yet");
    };
    match handle.activity() {
        Some(snapshot) => {
            let queries = &snapshot.queries[..limit.min(snapshot.queries.len())];
            let reason = watched.activity_reason(&snapshot).await;
            response::list_with_reason(queries, snapshot.queries.len(), reason.as_deref())
        }
        None => {
            let reason = handle.status().last_error;
            response::unavailable_list(reason.as_deref().unwrap_or("the activity is not looked at yet"))
        }
    }
}

/// A browser reads no status and no body of a refused upgrade, so refusals come as close codes.
async fn stream(mut request: Request, _: Anonymous) -> Answer {
    let upgrade = request.take_upgrade().ok_or(ApiError::UpgradeRequired)?;
    let slot = request.app.live_streams.open().ok_or_else(too_many_streams)?;
    let (admitted, held) = match admit(&request).await {
        Ok((session, held)) => (Ok(session), Some(held)),
        Err(error) => (Err(error), None),
    };
    Ok(live::run(upgrade, admitted, request.app.shutdown.clone(), (slot, held)))
}

/// What a stream has as long as it is open.
type Held = (LiveSubscription, [Permit<Uuid>; 2]);

async fn admit(request: &Request) -> Result<(Session, Held), ApiError> {
    let query = request.query()?;
    let interval = Duration::from_secs(query.integer("interval", 5, 1, 60)?.into());
    let principal = principal(request, &query).await?;
    let share = request.app.limits.live_stream(principal.id()).ok_or_else(too_many_streams)?;
    let of_all = request.app.limits.stream_of_organization(principal.organization_id.0)?;
    let id = request.database_id()?;
    let database = request.app.storage.databases(principal.organization_id).find(id).await?;
    database.ok_or(ApiError::not_found("database"))?;
    let handle = request.app.directory().find(id).ok_or(Unavailable)?;
    let expires_at = principal.expires_at();
    let access = Some(StreamAccess { app: Arc::clone(&request.app), principal });
    let (live, subscription) = handle.subscribe(interval);
    Ok((Session { database_id: id, interval, expires_at, access, live }, (subscription, [share, of_all])))
}

/// Who opens the stream: by ticket, by token, by header, or by a cookie that this server's own page sent.
async fn principal(request: &Request, query: &Query) -> Result<Principal, ApiError> {
    if let Some(ticket) = query.text("ticket")? {
        let principal = request.app.ws_tickets.redeem(ticket).ok_or_else(bad_ticket)?;
        if let Credential::ApiKey { limits, .. } = &principal.credential {
            limits.admit(request.client_address(), Timestamp::now())?;
        }
        let principal = request.app.accounts.recheck(principal, Timestamp::now()).await?;
        request.count(&principal)?;
        return Ok(principal);
    }
    if let Some(token) = query.text("token")? {
        let principal = request.app.accounts.authenticate_token(token, Timestamp::now()).await?;
        request.count(&principal)?;
        return Ok(principal);
    }
    let principal = request.authenticate().await?;
    if principal.from_cookie() {
        request.check_origin()?;
    }
    Ok(principal)
}

fn too_many_streams() -> ApiError {
    ApiError::unavailable("too many live streams are open", Duration::from_secs(10))
}

fn bad_ticket() -> ApiError {
    ApiError::unauthenticated("bad_ticket", "the ticket was used, has expired or never was")
}
