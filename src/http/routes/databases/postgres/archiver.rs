//! `GET /api/v1/databases/{id}/archiver`: whether finished WAL files get away.

use basira_actors::model::streams::ARCHIVER;
use basira_actors::model::{Archiver, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::Projection;
use crate::views::json_cells;

const ARCHIVER_FIELDS: &str = "ts:time? archive_mode? archived_count:integer? last_archived_wal? last_archived:time? \
    failed_count:integer? last_failed_wal? last_failed:time? failing:boolean? stats_reset:time? archived:integer? \
    failed:integer? reason?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/archiver",
            "Whether finished WAL files get away",
            DatabaseAccess::POSTGRES,
            get,
        )
        .window()
        .object("Archiver")
        .schema("Archiver", ARCHIVER_FIELDS),
    ]
}

#[derive(Serialize)]
struct ArchiverJson {
    /// Null fields when it was not looked at yet; `reason` says why.
    #[serde(flatten)]
    now: Value,
    /// Within `since` and `until`; null when nothing was counted in it.
    archived: Option<i64>,
    failed: Option<i64>,
    reason: Option<String>,
}

async fn get(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let totals = request.app.samples.totals(watched.scope, &ARCHIVER, window, &Projection::ALL).await?;
    let total = |name| totals.first().and_then(|total| json_cells::cell(&ARCHIVER, &total.values, name));
    let now = watched.newest::<Archiver>();
    response::ok(&ArchiverJson {
        now: now.as_deref().map_or_else(|| Ok(unknown()), serde_json::to_value)?,
        archived: total("archived"),
        failed: total("failed"),
        reason: watched.unavailable_reason("pg_stat_archiver").await,
    })
}

fn unknown() -> Value {
    json!({
        "ts": null, "archive_mode": null, "archived_count": null, "last_archived_wal": null, "last_archived": null,
        "failed_count": null, "last_failed_wal": null, "last_failed": null, "failing": null, "stats_reset": null,
    })
}
