//! `GET /api/v1/databases/{id}/subscriptions`: the workers of logical subscriptions.

use basira_actors::model::{Engine, SubscriptionSnapshot};

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/subscriptions", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let reason = watched.unavailable_reason("pg_stat_subscription").await;
    let snapshot = watched.newest::<SubscriptionSnapshot>();
    let subscriptions = snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.subscriptions);
    response::list_with_reason(subscriptions, subscriptions.len(), reason.as_deref())
}
