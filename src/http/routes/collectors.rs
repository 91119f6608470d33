//! `GET /api/v1/databases/{id}/collectors`: how each source of samples is doing, and what would help.

use std::time::Duration;

use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/collectors", list)]
}

async fn list(request: Request) -> Answer {
    let (_, database) = request.database().await?;
    let handle = request.app.directory.find(database.id).ok_or(ApiError::Unavailable {
        message: "the database is not watched yet".into(),
        retry_after: Duration::from_secs(1),
    })?;
    let collectors = handle.collectors().await?;
    response::list(&collectors, collectors.len())
}
