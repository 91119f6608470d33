//! `GET /api/v1/databases/{id}/subscriptions`: the workers of logical subscriptions.

use basira_actors::model::SubscriptionSnapshot;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

const SUBSCRIPTION_FIELDS: &str = "subscription_name database_name? enabled:boolean? worker_type? pid:integer? table_oid:integer? \
    received_lsn? latest_end_lsn? pending_bytes:integer? last_msg_sent:time? last_msg_received:time? latest_end:time? \
    apply_error_count:integer? sync_error_count:integer? conflict_count:integer? stats_reset:time? ts:time";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/subscriptions",
            "The workers of logical subscriptions",
            DatabaseAccess::POSTGRES,
            list,
        )
        .list("Subscription")
        .schema("Subscription", SUBSCRIPTION_FIELDS),
    ]
}

async fn list(_: Request, watched: Watched) -> Answer {
    let reason = watched.unavailable_reason("pg_stat_subscription").await;
    let snapshot = watched.newest::<SubscriptionSnapshot>();
    let subscriptions = snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.subscriptions);
    response::list_with_reason(subscriptions, subscriptions.len(), reason.as_deref())
}
