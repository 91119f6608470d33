//! `/api/v1/databases`: registering, showing, changing and removing databases; trying one without registering it.

use std::collections::{BTreeMap, BTreeSet};

use basira_actors::model::{DatabaseId, Engine, RuleSettings, Status, Timestamp, TlsMode};
use serde::Serialize;

use crate::app::App;
use crate::auth::{Principal, Role};
use crate::databases::Input;
use crate::http::{Answer, ApiError, DatabaseAccess, DatabaseWriter, Request, Route, Watched, response};
use crate::storage::store::DatabaseRecord;

const BODY_FIELDS: &str = "(name:string[1,200]? engine:Engine? engine_version:string[1,100]? host:string[1,253]? \
    port:integer[1,65535]? database:string[1,200]? username:string[1,200]? password:string[0,1000]? tls:TlsMode? tls_ca_pem:string[0,300000]? dsn:string[0,4000]? \
    tags:string{64}? poll_interval_seconds:integer[1,86400]? collect_explain_plans:boolean? collect_replication:boolean? \
    disabled_collectors:string[]? cluster:string[1,200]? let_idle:boolean? try_indexes_on_primary:boolean? \
    all_databases:boolean? include_databases:string[64]? exclude_databases:string[64]? rules:RuleSetting{}?)";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases", "The databases of the organization, by name", Role::Viewer, list)
            .paged(1_000)
            .list("Database")
            .schema("Engine", "{postgres|clickhouse}")
            .schema("Status", "{connected|disconnected}")
            .schema("TlsMode", "{disable|prefer|require|verify-ca|verify-full}")
            .schema("RuleSetting", RULE_SETTING_FIELDS)
            .schema("Database", DATABASE_FIELDS),
        Route::post(
            "/api/v1/databases",
            "Registers a database: name, engine and host at least, or name and dsn",
            DatabaseWriter,
            register,
        )
        .body(BODY_FIELDS, true)
        .created("Database")
        .refuses(409)
        .example(r#"{"name":"new","engine":"postgres","host":"127.0.0.1","port":1}"#),
        Route::post(
            "/api/v1/databases/test",
            "Connects once, says what works and what would help, stores nothing",
            DatabaseWriter,
            test,
        )
        .body(BODY_FIELDS, true)
        .object("Trial")
        .example(r#"{"name":"new","engine":"postgres","host":"127.0.0.1","port":1}"#)
        .schema("TriedCollector", TRIED_COLLECTOR_FIELDS)
        .schema("Trial", TRIAL_FIELDS),
        Route::get("/api/v1/databases/{id}", "One database", DatabaseAccess::ANY, get).object("Database"),
        Route::patch(
            "/api/v1/databases/{id}",
            "Changes what the body names; null means the default",
            DatabaseWriter,
            change,
        )
        .body(BODY_FIELDS, true)
        .object("Database")
        .refuses(409)
        .example(r#"{"name":"renamed"}"#),
        Route::delete(
            "/api/v1/databases/{id}",
            "Forgets a database and all that was seen of it",
            DatabaseWriter,
            delete,
        )
        .nothing(204, "It is gone"),
    ]
}

const RULE_SETTING_FIELDS: &str = "(enabled:boolean threshold:number for_seconds:integer window_seconds:integer \
    baseline_seconds:integer)";
const DATABASE_FIELDS: &str = "id:uuid name engine:Engine engine_version? host port:integer[1,65535] database \
    username? tls:TlsMode tags:string{64} poll_interval_seconds:integer collect_explain_plans:boolean \
    collect_replication:boolean disabled_collectors:string[] cluster? let_idle:boolean \
    try_indexes_on_primary:boolean all_databases:boolean include_databases:string[] exclude_databases:string[] \
    rules:RuleSetting{} status:Status last_seen_at:time? last_error? health_score:integer[0,100]? created_at:time \
    updated_at:time";
const TRIED_COLLECTOR_FIELDS: &str =
    "name state:CollectorState reason? fix? rows:integer? duration_ms:integer";
const TRIAL_FIELDS: &str = "connected:boolean engine_version? \
    flavour={plain|aurora|rds|alloydb|cloudsql|azure|supabase|neon}? error? fix? collectors:TriedCollector[] \
    doctor:Doctor";

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

async fn list(request: Request, principal: Principal) -> Answer {
    let page = request.query()?.page()?;
    let (databases, total) = request.app.databases(principal.organization_id).page(page).await?;
    let shown: Vec<_> = databases.iter().map(|database| DatabaseJson::of(database, &request.app)).collect();
    response::page(&shown, total)
}

async fn register(mut request: Request, principal: Principal) -> Answer {
    let input: Input = request.json().await?;
    let databases = request.app.databases(principal.organization_id);
    let database = databases.register(input, Timestamp::now()).await?;
    request.audit.add_detail("id", database.id.to_string());
    request.audit.add_detail("name", database.name.as_str());
    response::created(&DatabaseJson::of(&database, &request.app))
}

/// Connects once, says what works and what would make the rest work, stores nothing. Bounded in number and rate, and for
/// organizations that may register the database that is tested.
async fn test(mut request: Request, principal: Principal) -> Answer {
    let input: Input = request.json().await?;
    let databases = request.app.databases(principal.organization_id);
    let draft = databases.draft_to_test(input, Timestamp::now()).await?;
    let organization = principal.organization_id.0;
    let _running = request.app.limits.database_test(organization, request.client_address())?;
    response::ok(&databases.test(draft).await)
}

async fn get(request: Request, watched: Watched) -> Answer {
    response::ok(&DatabaseJson::of(&watched.database, &request.app))
}

async fn change(mut request: Request, principal: Principal) -> Answer {
    let id = request.database_id()?;
    let input: Input = request.json().await?;
    request.audit.add_detail("fields", input.field_names());
    let databases = request.app.databases(principal.organization_id);
    let changed = databases.change(id, input, Timestamp::now()).await?;
    let database = changed.ok_or(ApiError::not_found("database"))?;
    response::ok(&DatabaseJson::of(&database, &request.app))
}

async fn delete(request: Request, principal: Principal) -> Answer {
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
