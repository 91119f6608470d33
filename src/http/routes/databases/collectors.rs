//! `GET /api/v1/databases/{id}/collectors`: how each source of samples is doing, and what would help.

use basira_actors::supervisor::Unavailable;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/collectors",
            "How each source of samples is doing, and what would help",
            DatabaseAccess::ANY,
            list,
        )
        .list("Collector")
        .schema("CollectorState", "{ok|skipped|failing|disabled}")
        .schema("Collector", COLLECTOR_FIELDS),
    ]
}

const COLLECTOR_FIELDS: &str = "name enabled:boolean interval_seconds:integer state:CollectorState reason? fix? \
    last_success_at:time? last_duration_ms:integer? rows:integer? runs:integer failures:integer next_run_at:time?";

async fn list(request: Request, watched: Watched) -> Answer {
    let handle = request.app.directory().find(watched.database.id).ok_or(Unavailable)?;
    let collectors = handle.collectors().await?;
    let scope = watched.scope;
    let notice = request.app.samples.notice(scope);
    response::list_with_reason(&collectors, collectors.len(), notice.as_deref())
}
