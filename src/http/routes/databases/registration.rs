//! `/api/v1/databases`: registering, showing, changing and removing databases; trying one without registering it.

use std::collections::{BTreeMap, BTreeSet};

use basira_actors::model::{DatabaseId, Engine, RuleSettings, Status, Timestamp, TlsMode};
use serde::Serialize;

use crate::app::App;
use crate::databases::Input;
use crate::http::{Answer, ApiError, Request, Route, response};
use crate::storage::store::DatabaseRecord;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases", list),
        Route::post("/api/v1/databases", register),
        Route::post("/api/v1/databases/test", test),
        Route::get("/api/v1/databases/{id}", get),
        Route::patch("/api/v1/databases/{id}", change),
        Route::delete("/api/v1/databases/{id}", delete),
    ]
}

/// A database as the API shows it.
#[derive(Serialize)]
struct DatabaseJson<'a> {
    id: DatabaseId,
    name: &'a str,
    engine: Engine,
    engine_version: Option<String>,
    host: &'a str,
    port: u16,
    database: &'a str,
    username: Option<&'a str>,
    tls: TlsMode,
    tags: &'a BTreeMap<String, String>,
    poll_interval_seconds: u64,
    collect_explain_plans: bool,
    collect_replication: bool,
    disabled_collectors: &'a BTreeSet<String>,
    cluster: Option<String>,
    let_idle: bool,
    try_indexes_on_primary: bool,
    all_databases: bool,
    include_databases: &'a BTreeSet<String>,
    exclude_databases: &'a BTreeSet<String>,
    rules: &'a RuleSettings,
    status: Status,
    last_seen_at: Option<Timestamp>,
    last_error: Option<String>,
    health_score: Option<u8>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

async fn list(request: Request) -> Answer {
    let principal = request.principal().await?;
    let page = request.query()?.page()?;
    let (databases, total) = request.app.databases(principal.organization_id).page(page).await?;
    let shown: Vec<_> = databases.iter().map(|database| DatabaseJson::of(database, &request.app)).collect();
    response::page(&shown, total)
}

async fn register(mut request: Request) -> Answer {
    let principal = request.principal_with_write().await?;
    let input: Input = request.json().await?;
    let databases = request.app.databases(principal.organization_id);
    let database = databases.register(input, Timestamp::now()).await?;
    request.audit.add_detail("id", database.id.to_string());
    request.audit.add_detail("name", database.name.as_str());
    response::created(&DatabaseJson::of(&database, &request.app))
}

/// Connects once, says what works and what would make the rest work, stores nothing. Bounded in number and rate, and for
/// organizations that may register the database that is tested.
async fn test(mut request: Request) -> Answer {
    let principal = request.principal_with_write().await?;
    let input: Input = request.json().await?;
    let databases = request.app.databases(principal.organization_id);
    let draft = databases.draft_to_test(input, Timestamp::now()).await?;
    let organization = principal.organization_id.0;
    let _running = request.app.limits.database_test(organization, request.client_address())?;
    response::ok(&databases.test(draft).await)
}

async fn get(request: Request) -> Answer {
    let (_, database) = request.database().await?;
    response::ok(&DatabaseJson::of(&database, &request.app))
}

async fn change(mut request: Request) -> Answer {
    let principal = request.principal_with_write().await?;
    let id = request.database_id()?;
    let input: Input = request.json().await?;
    request.audit.add_detail("fields", input.field_names());
    let databases = request.app.databases(principal.organization_id);
    let changed = databases.change(id, input, Timestamp::now()).await?;
    let database = changed.ok_or(ApiError::not_found("database"))?;
    response::ok(&DatabaseJson::of(&database, &request.app))
}

async fn delete(request: Request) -> Answer {
    let principal = request.principal_with_write().await?;
    let id = request.database_id()?;
    let deleted = request.app.databases(principal.organization_id).delete(id).await?;
    if deleted { Ok(response::no_content()) } else { Err(ApiError::not_found("database")) }
}

impl<'a> DatabaseJson<'a> {
    fn of(database: &'a DatabaseRecord, app: &App) -> Self {
        let known = app.status(database);
        Self {
            id: database.id,
            name: &database.name,
            engine: database.engine,
            engine_version: known.engine_version,
            host: &database.host,
            port: database.port,
            database: &database.database,
            username: database.username.as_deref(),
            tls: database.tls,
            tags: &database.tags,
            poll_interval_seconds: database.poll_interval.as_secs(),
            collect_explain_plans: database.collect_explain_plans,
            collect_replication: database.collect_replication,
            disabled_collectors: &database.disabled_collectors,
            cluster: database.cluster.clone(),
            let_idle: database.let_idle,
            try_indexes_on_primary: database.try_indexes_on_primary,
            all_databases: database.databases.all,
            include_databases: &database.databases.include,
            exclude_databases: &database.databases.exclude,
            rules: &database.rules,
            status: known.status,
            last_seen_at: known.last_seen_at,
            last_error: known.last_error,
            health_score: app.health_score(database),
            created_at: database.created_at,
            updated_at: database.updated_at,
        }
    }
}
