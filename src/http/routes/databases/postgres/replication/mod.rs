//! `GET /api/v1/databases/{id}/replication` and its histories: who follows whom, and how far behind.

mod history;

use basira_actors::model::{Engine, Replica, Replicas, Replication, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::http::{Answer, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/replication", now),
        Route::get("/api/v1/databases/{id}/replication/history", history::lags),
        Route::get("/api/v1/databases/{id}/replication/slots/history", history::slots),
    ]
}

const fn collector(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "pg_stat_replication",
        Engine::Clickhouse => "ch_replicas",
    }
}

async fn now(request: Request) -> Answer {
    let watched = request.watched_any().await?;
    match watched.engine() {
        Engine::Postgres => of_postgres(&watched).await,
        Engine::Clickhouse => of_clickhouse(&watched).await,
    }
}

async fn of_postgres(watched: &Watched) -> Answer {
    let reason = watched.unavailable_reason(collector(Engine::Postgres)).await;
    match watched.newest::<Replication>() {
        Some(seen) => response::ok_with_reason(&*seen, reason.as_deref()),
        None => {
            let unknown = json!({
                "ts": null, "is_replica": null, "replication_lag_bytes": null, "replication_lag_seconds": null,
                "upstream_host": null, "upstream_port": null, "receiver_status": null, "receiver_slot_name": null,
                "replay_paused": null, "slots": [], "standbys": [],
            });
            response::ok_with_reason(&unknown, Some(reason.as_deref().unwrap_or("it is not looked at yet")))
        }
    }
}

/// Replicas of ClickHouse are equals: there is nobody whom they follow, and no slots.
#[derive(Serialize)]
struct OfClickHouse<'a> {
    ts: Option<Timestamp>,
    /// Whether there is a replicated table.
    is_replica: Option<bool>,
    replication_lag_bytes: Option<i64>,
    /// Of the table that is furthest behind.
    replication_lag_seconds: Option<i64>,
    upstream_host: Option<&'a str>,
    slots: [(); 0],
    standbys: [(); 0],
    replicas: &'a [Replica],
}

async fn of_clickhouse(watched: &Watched) -> Answer {
    let seen = watched.newest::<Replicas>();
    let mut reason = watched.degraded_reason(collector(Engine::Clickhouse)).await;
    if seen.is_none() {
        reason.get_or_insert_with(|| "it is not looked at yet".to_owned());
    }
    let shown = OfClickHouse {
        ts: seen.as_ref().map(|seen| seen.at),
        is_replica: seen.as_ref().map(|seen| !seen.replicas.is_empty()),
        replication_lag_bytes: None,
        replication_lag_seconds: seen.as_ref().and_then(|seen| seen.worst_delay_seconds()),
        upstream_host: None,
        slots: [],
        standbys: [],
        replicas: seen.as_ref().map_or(&[], |seen| &seen.replicas),
    };
    response::ok_with_reason(&shown, reason.as_deref())
}
