//! `GET /api/v1/databases/{id}/settings`: how the server is set up, and what changed.

use basira_actors::model::{Engine, EventKind, Setting, SettingSnapshot, Timestamp};
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::events::{self, Happened};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/settings", "How the server is set up", DatabaseAccess::ANY, list)
            .query(
                "changed",
                "boolean",
                "Only those whose value is not the built-in one, or waits for a restart",
            )
            .list("Setting")
            .schema("Setting", SETTING_FIELDS),
        Route::get(
            "/api/v1/databases/{id}/settings/history",
            "Which settings changed, newest first",
            DatabaseAccess::ANY,
            history,
        )
        .window()
        .list("SettingChange")
        .schema("SettingChange", "ts:time name? before? after?"),
    ]
}

const SETTING_FIELDS: &str = "name setting? unit? shown? category description? source source_file? context \
    boot_val? reset_val? pending_restart:boolean? changed:boolean? note?";

/// Every setting, of ClickHouse only those that are set; with `changed=true` those whose value is not the built-in one, or
/// waits for a restart.
async fn list(request: Request, watched: Watched) -> Answer {
    let only_changed = request.query()?.flag("changed", false)?;
    let collector = match watched.engine() {
        Engine::Postgres => "pg_settings",
        Engine::Clickhouse => "ch_settings",
    };
    let reason = watched.degraded_reason(collector).await;
    let snapshot = watched.newest::<SettingSnapshot>();
    let settings = snapshot.iter().flat_map(|snapshot| &snapshot.settings);
    let shown: Vec<&Setting> =
        settings.filter(|setting| !only_changed || setting.changed == Some(true)).collect();
    response::list_with_reason(&shown, shown.len(), reason.as_deref())
}

/// One change of one setting, noticed at `ts`.
#[derive(Serialize)]
struct Change {
    ts: Timestamp,
    name: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

impl From<Happened> for Change {
    fn from(event: Happened) -> Self {
        Self { ts: event.ts, name: event.subject, before: event.before, after: event.after }
    }
}

/// Newest first.
async fn history(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let happened = events::read(&*request.app.samples, watched.scope, window).await?;
    let changed = happened.into_iter().filter(|event| event.kind == EventKind::SettingChanged.as_str());
    let changes: Vec<Change> = changed.map(Change::from).collect();
    response::list(&changes, changes.len())
}
