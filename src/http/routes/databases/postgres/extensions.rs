//! `GET /api/v1/databases/{id}/extensions`: what is installed in each watched database of a server, and what is outdated.

use std::sync::Arc;

use basira_actors::model::{Extensions, InstalledExtension};
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/extensions",
            "What is installed in each database, and what is outdated",
            DatabaseAccess::POSTGRES,
            list,
        )
        .list("Extension")
        .schema("Extension", EXTENSION_FIELDS),
    ]
}

const EXTENSION_FIELDS: &str =
    "database_name name schema version available_version? update_available:boolean";

#[derive(Serialize)]
struct ExtensionJson<'a> {
    database_name: &'a str,
    #[serde(flatten)]
    extension: &'a InstalledExtension,
}

async fn list(_: Request, watched: Watched) -> Answer {
    let seen: Vec<(Arc<str>, Arc<Extensions>)> = watched.newest_of_each();
    if seen.is_empty()
        && let Some(reason) = watched.unavailable_reason("pg_extension").await
    {
        return response::unavailable_list(&reason);
    }
    let line = |database_name, extension| ExtensionJson { database_name, extension };
    let lines: Vec<ExtensionJson<'_>> = seen
        .iter()
        .flat_map(|(database, found)| found.0.iter().map(move |extension| line(database, extension)))
        .collect();
    response::list(&lines, lines.len())
}
