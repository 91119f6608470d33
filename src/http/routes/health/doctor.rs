//! `GET /api/v1/databases/{id}/doctor`: what is wrong with a database, and how its health went.

use basira_actors::model::Timestamp;

use crate::http::{Answer, Request, Route, response};
use crate::views::health;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/doctor", get),
        Route::get("/api/v1/databases/{id}/doctor/history", history),
    ]
}

async fn get(request: Request) -> Answer {
    let (_, database) = request.database().await?;
    response::ok(&*request.app.diagnosis(&database))
}

async fn history(request: Request) -> Answer {
    let watched = request.watched_any().await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let bucket_ms = query.bucket_ms(window)?;
    let lines = health::over(&*request.app.samples, watched.scope, window, bucket_ms).await?;
    response::list(&lines, lines.len())
}
