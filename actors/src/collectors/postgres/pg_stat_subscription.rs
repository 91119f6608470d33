//! `pg_stat_subscription`: the subscriptions of the server. PostgreSQL 14 and later; needs nothing. Costs 0.2 ms of a
//! backend.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, Subscription, SubscriptionSnapshot};

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("pg_stat_subscription", Engine::Postgres, || Box::new(Subscriptions))
};

const VARIANTS: [(u32, &str); 4] = [
    (14, include_str!("sql/pg_stat_subscription/14.sql")),
    (15, include_str!("sql/pg_stat_subscription/15.sql")),
    (17, include_str!("sql/pg_stat_subscription/17.sql")),
    (18, include_str!("sql/pg_stat_subscription/18.sql")),
];
const COLUMNS: &[&str] = &[
    "at",
    "subscription_name",
    "database_name",
    "enabled",
    "worker_type",
    "pid",
    "table_oid",
    "received_lsn",
    "latest_end_lsn",
    "pending_bytes",
    "last_msg_sent_at",
    "last_msg_received_at",
    "latest_end_at",
    "apply_error_count",
    "sync_error_count",
    "conflict_count",
    "reset_at",
];

/// Has no state: each run shows the present.
struct Subscriptions;

impl Collector for Subscriptions {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let rows = (0..answer.rows.len()).map(|row| subscription(&mut Cursor::new(answer.rows, row)));
        let subscriptions: Vec<Subscription> =
            rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Step::done(Collected {
            rows: subscriptions.len() as u64,
            snapshots: vec![AnySnapshot::new(SubscriptionSnapshot { subscriptions })],
            ..Collected::default()
        }))
    }
}

/// One row; a server without subscriptions answers with one that has only the time.
fn subscription(cursor: &mut Cursor<'_>) -> Result<Option<Subscription>, CellError> {
    let ts = cursor.required_timestamp()?;
    let Some(subscription_name) = cursor.owned_text()? else { return Ok(None) };
    Ok(Some(Subscription {
        subscription_name,
        database_name: cursor.owned_text()?,
        enabled: cursor.bool()?,
        worker_type: cursor.owned_text()?,
        pid: cursor.i64()?,
        table_oid: cursor.i64()?,
        received_lsn: cursor.owned_text()?,
        latest_end_lsn: cursor.owned_text()?,
        pending_bytes: cursor.i64()?,
        last_msg_sent: cursor.timestamp()?,
        last_msg_received: cursor.timestamp()?,
        latest_end: cursor.timestamp()?,
        apply_error_count: cursor.i64()?,
        sync_error_count: cursor.i64()?,
        conflict_count: cursor.i64()?,
        stats_reset: cursor.timestamp()?,
        ts,
    }))
}
