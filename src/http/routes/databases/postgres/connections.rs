//! `GET /api/v1/databases/{id}/connections`: who is connected, against how many may be.

use std::sync::Arc;

use basira_actors::model::streams::CONNECTIONS;
use basira_actors::model::{ConnectionSnapshot, Timestamp};
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::buckets;
use crate::views::json_cells::{Bucket, Texts};

const CONNECTIONS_FIELDS: &str = "ts:time total:integer active:integer idle:integer idle_in_transaction:integer waiting:integer \
    max_connections:integer superuser_reserved_connections:integer reserved_connections:integer? used_pct:number? \
    oldest_transaction_ms:integer? longest_idle_in_transaction_ms:integer? by_state:ConnectionCount[] \
    by_database:ConnectionCount[] by_user:ConnectionCount[] by_application:ConnectionCount[]";
const CONNECTIONS_POINT_FIELDS: &str = "ts:time total:integer? active:integer? idle:integer? idle_in_transaction:integer? \
    waiting:integer? max_connections:integer?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/connections",
            "Who is connected, against how many may be",
            DatabaseAccess::POSTGRES,
            get,
        )
        .window()
        .object("Connections")
        .schema("Connections", CONNECTIONS_OWN_FIELDS)
        .schema("ConnectionsNow", CONNECTIONS_FIELDS)
        .schema("ConnectionCount", "name? count:integer")
        .schema("ConnectionsPoint", CONNECTIONS_POINT_FIELDS),
    ]
}

const CONNECTIONS_OWN_FIELDS: &str = "now:ConnectionsNow? unavailable? bucket_seconds:integer \
    timeseries:ConnectionsPoint[]";

#[derive(Serialize)]
struct Connections<'a> {
    /// Null when the server is away.
    now: Option<&'a ConnectionSnapshot>,
    unavailable: Option<String>,
    bucket_seconds: i64,
    /// The newest look of each bucket.
    timeseries: Vec<Bucket>,
}

async fn get(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let samples = &request.app.samples;
    let bucket_ms = buckets::bucket_ms(&**samples, watched.scope, &CONNECTIONS, window).await?;
    let points = samples.points(watched.scope, &CONNECTIONS, 0, window, bucket_ms).await?;
    let timeseries = points.iter().map(|point| Bucket::new(&CONNECTIONS, point, &Texts::new())).collect();
    let (now, unavailable): (Option<Arc<ConnectionSnapshot>>, _) =
        match watched.snapshot_or_reason("connections").await {
            Ok(seen) => (Some(seen), None),
            Err(reason) => (None, Some(reason)),
        };
    response::ok(&Connections {
        now: now.as_deref(),
        unavailable,
        bucket_seconds: bucket_ms / 1000,
        timeseries,
    })
}
