//! `GET /api/v1/databases/{id}/vacuum`: what vacuum does, what it should do, and what keeps it from it.

use std::cmp::Reverse;

use basira_actors::model::{
    DatabaseAge, Engine, Progress, ProgressSnapshot, Setting, SettingSnapshot, Timestamp, VacuumTable,
    VacuumTables, XidHorizon, XminHolder,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/vacuum", get)]
}

/// Each part as of the last time that its collector looked.
#[derive(Serialize)]
struct VacuumJson<'a> {
    /// When the tables were looked at; null when they were not yet.
    ts: Option<Timestamp>,
    running: &'a [Progress],
    tables: Vec<&'a VacuumTable>,
    databases: &'a [DatabaseAge],
    oldest_xmin: &'a [XminHolder],
    /// Those that say when vacuum runs and how fast, as the server has them.
    settings: Map<String, Value>,
    /// What could not be seen, with what would help.
    limitations: Vec<String>,
}

async fn get(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let limit = request.query()?.limit(50, 500)?;
    let mut limitations = Vec::new();
    for collector in ["vacuum", "vacuum_progress", "xid_horizon"] {
        limitations.extend(watched.degraded_reason(collector).await);
    }
    limitations.dedup();
    let progress = watched.live::<ProgressSnapshot>();
    let horizon = watched.newest::<XidHorizon>();
    let settings = watched.newest::<SettingSnapshot>();
    let of_each = watched.newest_of_each::<VacuumTables>();
    let tables = of_each.iter().flat_map(|(_, snapshot)| &snapshot.tables).collect();
    response::ok(&VacuumJson {
        ts: of_each.iter().map(|(_, snapshot)| snapshot.at).max(),
        running: progress.as_ref().map_or(&[], |progress| &progress.running),
        tables: worst(tables, limit),
        databases: horizon.as_ref().map_or(&[], |horizon| &horizon.databases),
        oldest_xmin: horizon.as_ref().map_or(&[], |horizon| &horizon.holders),
        settings: settings.iter().flat_map(|snapshot| of_vacuum(&snapshot.settings)).collect(),
        limitations,
    })
}

/// The `limit` tables closest to what starts an autovacuum, or beyond it.
fn worst(mut tables: Vec<&VacuumTable>, limit: usize) -> Vec<&VacuumTable> {
    let urgency = |table: &VacuumTable| {
        let inserts = table.insert_trigger_pct.filter(|_| table.autovacuum_enabled);
        table.vacuum_trigger_pct.max(inserts).max(table.freeze_pct).max(table.mxid_freeze_pct)
    };
    tables.sort_by_key(|table| Reverse((table.due, urgency(table))));
    tables.truncate(limit);
    tables
}

fn of_vacuum(settings: &[Setting]) -> impl Iterator<Item = (String, Value)> {
    let is_of_vacuum = |setting: &&Setting| {
        setting.name.starts_with("autovacuum")
            || setting.name.starts_with("vacuum_")
            || matches!(setting.name.as_str(), "maintenance_work_mem" | "track_counts")
    };
    settings.iter().filter(is_of_vacuum).map(|setting| (setting.name.clone(), setting.shown.clone().into()))
}
