//! `GET /api/v1/databases/{id}/collectors`: how each source of samples is doing, and what would help.

use basira_actors::supervisor::Unavailable;

use crate::http::{Answer, Request, Route, response};
use crate::samples::DatabaseScope;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/collectors", list)]
}

async fn list(request: Request) -> Answer {
    let (principal, database) = request.database().await?;
    let handle = request.app.directory().find(database.id).ok_or(Unavailable)?;
    let collectors = handle.collectors().await?;
    let scope = DatabaseScope { organization: principal.organization_id, database: database.id };
    let notice = request.app.samples.notice(scope);
    response::list_with_reason(&collectors, collectors.len(), notice.as_deref())
}
