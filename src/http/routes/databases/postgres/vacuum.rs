//! `GET /api/v1/databases/{id}/vacuum`: what vacuum does, what it should do, and what keeps it from it.

use std::cmp::Reverse;

use basira_actors::model::{
    DatabaseAge, Progress, ProgressSnapshot, Setting, SettingSnapshot, Timestamp, VacuumTable, VacuumTables,
    XidHorizon, XminHolder,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/vacuum",
            "What vacuum does, what it should do, and what keeps it from it",
            DatabaseAccess::POSTGRES,
            get,
        )
        .limit(50, 500)
        .object("Vacuum")
        .schema("Vacuum", VACUUM_FIELDS)
        .schema("VacuumProgress", VACUUM_PROGRESS_FIELDS)
        .schema("VacuumTable", VACUUM_TABLE_FIELDS)
        .schema("DatabaseAge", DATABASE_AGE_FIELDS)
        .schema("XminHolder", XMIN_HOLDER_FIELDS),
    ]
}

const VACUUM_FIELDS: &str = "ts:time? running:VacuumProgress[] tables:VacuumTable[] databases:DatabaseAge[] \
    oldest_xmin:XminHolder[] settings:string?{} limitations:string[]";
const VACUUM_PROGRESS_FIELDS: &str = "command pid:integer database_name? schema_name? table_name? phase? \
    blocks_total:integer? blocks_done:integer? progress_pct:number? index_vacuum_count:integer? \
    dead_items:integer? max_dead_tuples:integer? max_dead_tuple_bytes:integer? dead_tuple_bytes:integer? \
    indexes_total:integer? indexes_processed:integer? delay_time_ms:number? is_autovacuum:boolean? \
    is_wraparound:boolean? started_at:time?";
const VACUUM_TABLE_FIELDS: &str = "database_name schema_name table_name autovacuum_enabled:boolean \
    live_tuples:integer? dead_tuples:integer? vacuum_trigger:integer? vacuum_trigger_pct:integer? \
    inserted_since_vacuum:integer? insert_trigger:integer? insert_trigger_pct:integer? xid_age:integer? \
    mxid_age:integer? toast_xid_age:integer? freeze_max_age:integer? freeze_pct:integer? mxid_freeze_pct:integer? \
    due:boolean last_vacuum:time? last_autovacuum:time?";
const DATABASE_AGE_FIELDS: &str = "database_name xid_age:integer xid_pct:number xid_freeze_pct:number \
    mxid_age:integer mxid_pct:number mxid_freeze_pct:number";
const XMIN_HOLDER_FIELDS: &str = "kind={backend|prepared_transaction|replication_slot|standby} holder? \
    pid:integer? database_name? state? age_xids:integer since:time?";

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

async fn get(request: Request, watched: Watched) -> Answer {
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
