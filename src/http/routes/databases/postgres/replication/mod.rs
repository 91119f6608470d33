//! `GET /api/v1/databases/{id}/replication` and its histories: who follows whom, and how far behind.

mod history;

use basira_actors::model::{Engine, Replica, Replicas, Replication, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/replication",
            "Who follows whom, and how far behind",
            DatabaseAccess::ANY,
            now,
        )
        .object("Replication")
        .schema("Replica", REPLICA_FIELDS)
        .schema("QueueEntries", QUEUE_ENTRIES_FIELDS)
        .schema("Replication", REPLICATION_FIELDS)
        .schema("ReplicationSlot", REPLICATION_SLOT_FIELDS)
        .schema("Standby", STANDBY_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/replication/history",
            "How far behind, over time",
            DatabaseAccess::ANY,
            history::lags,
        )
        .buckets()
        .list("LagPoint")
        .schema("LagPoint", "ts:time lag_bytes:integer? lag_seconds:number?"),
        Route::get(
            "/api/v1/databases/{id}/replication/slots/history",
            "How far behind each slot is, over time",
            DatabaseAccess::POSTGRES,
            history::slots,
        )
        .buckets()
        .list("SlotLagPoint")
        .schema("SlotLagPoint", "ts:time slot_name? lag_bytes:integer?"),
    ]
}

const REPLICA_FIELDS: &str = "database table host_name replica_name? is_leader:boolean? is_readonly:boolean? \
    readonly_since:time? is_session_expired:boolean? absolute_delay_seconds:integer? queue_size:integer? \
    inserts_in_queue:integer? merges_in_queue:integer? part_mutations_in_queue:integer? queue_oldest_time:time? \
    future_parts:integer? parts_to_check:integer? lost_part_count:integer? last_queue_update_exception? \
    keeper_exception? queue:QueueEntries[]";
const QUEUE_ENTRIES_FIELDS: &str = "type entries:integer executing:integer? oldest_at:time? most_tries:integer? \
    most_postponed:integer? last_exception? postpone_reason?";
const REPLICATION_FIELDS: &str = "ts:time? is_replica:boolean? replication_lag_bytes:integer? \
    replication_lag_seconds:number? upstream_host? slots:ReplicationSlot[] standbys:Standby[] \
    (upstream_port:integer? receiver_status? receiver_slot_name? replay_paused:boolean?) (replicas:Replica[])";
const REPLICATION_SLOT_FIELDS: &str = "slot_name slot_type? plugin? database? temporary:boolean active:boolean \
    active_pid:integer? lag_bytes:integer? unconfirmed_bytes:integer? wal_status? safe_wal_size:integer? \
    two_phase:boolean? conflicting:boolean? inactive_since:time? invalidation_reason? failover:boolean? \
    synced:boolean?";
const STANDBY_FIELDS: &str = "pid:integer application_name? user_name? client_addr? state? sync_state? \
    sent_lag_bytes:integer? write_lag_bytes:integer? flush_lag_bytes:integer? replay_lag_bytes:integer? \
    write_lag_seconds:number? flush_lag_seconds:number? replay_lag_seconds:number? reply_time:time?";

async fn now(_: Request, watched: Watched) -> Answer {
    match watched.engine() {
        Engine::Postgres => of_postgres(&watched).await,
        Engine::Clickhouse => of_clickhouse(&watched).await,
    }
}

async fn of_postgres(watched: &Watched) -> Answer {
    let reason = watched.unavailable_reason(history::collector(Engine::Postgres)).await;
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
    let mut reason = watched.degraded_reason(history::collector(Engine::Clickhouse)).await;
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
