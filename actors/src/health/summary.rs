//! The summary of a diagnosis.

use serde_json::{Map, Value, json};

use super::Facts;
use crate::model::{
    ActivitySnapshot, ConnectionSnapshot, Engine, LockSnapshot, MergeSnapshot, MutationSnapshot, Replicas,
    Replication, ServerIdentity, ServerMetrics, Snapshot, XidHorizon,
};

/// Returns the key figures of the present; null where not known.
pub(super) fn of(facts: &Facts) -> Map<String, Value> {
    let mut summary = Map::new();
    let (active, longest_ms) = facts.activity.as_deref().map_or((None, None), ActivitySnapshot::active);
    summary.insert("active_queries".to_owned(), json!(active));
    summary.insert("longest_query_ms".to_owned(), json!(longest_ms));
    let more = match facts.engine {
        Engine::Postgres => postgres(facts),
        Engine::Clickhouse => clickhouse(facts),
    };
    summary.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    summary
}

fn newest<T: Snapshot>(facts: &Facts) -> Option<std::sync::Arc<T>> {
    facts.snapshots.all::<T>().pop().map(|(_, newest)| newest)
}

fn postgres(facts: &Facts) -> Vec<(&'static str, Value)> {
    let connections = newest::<ConnectionSnapshot>(facts);
    let horizon = newest::<XidHorizon>(facts);
    let replication = newest::<Replication>(facts);
    let server = newest::<ServerIdentity>(facts);
    let waiting =
        newest::<LockSnapshot>(facts).map(|locks| locks.locks.iter().filter(|lock| !lock.granted).count());
    let oldest = horizon
        .as_ref()
        .and_then(|horizon| horizon.databases.iter().map(|database| database.xid_pct).max_by(f64::total_cmp));
    vec![
        ("connections", json!(connections.as_ref().map(|seen| seen.total))),
        ("connections_used_pct", json!(connections.as_ref().and_then(|seen| seen.used_pct))),
        ("idle_in_transaction", json!(connections.as_ref().map(|seen| seen.idle_in_transaction))),
        ("oldest_transaction_ms", json!(connections.as_ref().and_then(|seen| seen.oldest_transaction_ms))),
        ("waiting_for_locks", json!(waiting)),
        ("transaction_ids_used_pct", json!(oldest)),
        ("is_replica", json!(replication.as_ref().map(|seen| seen.is_replica))),
        (
            "replication_lag_seconds",
            json!(replication.as_ref().and_then(|seen| seen.replication_lag_seconds)),
        ),
        ("started_at", json!(server.as_ref().map(|seen| seen.started_at))),
    ]
}

fn clickhouse(facts: &Facts) -> Vec<(&'static str, Value)> {
    let metrics = newest::<ServerMetrics>(facts);
    let own = metrics.as_ref().map(|metrics| &metrics.own);
    let merges = newest::<MergeSnapshot>(facts);
    let mutations = newest::<MutationSnapshot>(facts);
    let replicas = newest::<Replicas>(facts);
    let stuck = |seen: &MutationSnapshot| seen.mutations.iter().filter(|mutation| mutation.stuck).count();
    let fullest =
        own.and_then(|own| own.disks.iter().filter_map(|disk| disk.used_pct).max_by(f64::total_cmp));
    vec![
        ("memory_tracked_bytes", json!(own.and_then(|own| own.memory.tracked_bytes))),
        ("memory_limit_bytes", json!(own.and_then(|own| own.memory.limit_bytes))),
        ("fullest_disk_used_pct", json!(fullest)),
        ("running_merges", json!(merges.as_ref().map(|seen| seen.merges.len()))),
        ("stuck_mutations", json!(mutations.as_deref().map(stuck))),
        ("worst_replica_delay_seconds", json!(replicas.as_ref().and_then(|seen| seen.worst_delay_seconds()))),
        ("uptime_seconds", json!(own.and_then(|own| own.uptime_seconds))),
    ]
}
