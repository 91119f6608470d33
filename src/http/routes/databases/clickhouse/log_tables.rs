//! `GET /api/v1/databases/{id}/log-tables`: the tables in which a ClickHouse server logs, largest first, and what would keep
//! them from filling the disk.

use std::cmp::Reverse;

use basira_actors::model::{LogTables, Timestamp};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::views::log_tables::{self, Guarded};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/log-tables",
            "The tables in which the server logs, largest first",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .list("LogTable")
        .schema("LogTable", LOG_TABLE_FIELDS),
    ]
}

const LOG_TABLE_FIELDS: &str = "host_name name left_over_of? rows:integer bytes_on_disk:integer parts:integer \
    oldest_day? newest_day? has_ttl:boolean? ttl? growth_bytes_per_day:integer? bytes_per_day:integer? remark? \
    fix?";

async fn list(request: Request, watched: Watched) -> Answer {
    let growth = log_tables::growth(&*request.app.samples, watched.scope, Timestamp::now()).await?;
    let seen = watched.newest::<LogTables>();
    let mut reason = watched.degraded_reason("ch_log_tables").await;
    if seen.is_none() {
        reason.get_or_insert_with(|| "ch_log_tables: has not run yet".to_owned());
    }
    let tables = seen.iter().flat_map(|seen| &seen.tables);
    let mut tables: Vec<Guarded<'_>> = tables.map(|table| log_tables::guarded(table, &growth)).collect();
    tables.sort_by_key(|shown| Reverse(shown.table.bytes_on_disk));
    response::list_with_reason(&tables, tables.len(), reason.as_deref())
}
