//! `GET /api/v1/overview`: all databases of the organization at a glance, the worst first.

use std::collections::BTreeMap;

use basira_actors::health::{Category, Diagnosis, DoctorStatus, Issue, Severity};
use basira_actors::model::{ActivitySnapshot, DatabaseId, Engine, Status, Timestamp};
use serde::Serialize;

use crate::app::App;
use crate::auth::{Principal, Role};
use crate::http::{Answer, Request, Route, response};
use crate::storage::store::DatabaseRecord;

/// Issues shown of each database; `/doctor` has all.
const MOST_ISSUES: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/overview",
            "All databases of the organization at a glance, the worst first",
            Role::Viewer,
            list,
        )
        .paged(100)
        .list("FleetLine")
        .schema("BriefFinding", BRIEF_FINDING_FIELDS)
        .schema("FleetLine", FLEET_LINE_FIELDS)
        .schema("IssueCounts", "critical:integer warning:integer info:integer"),
    ]
}

const BRIEF_FINDING_FIELDS: &str = "rule_id severity:Severity category:Category title detail penalty:integer \
    since:time";
const FLEET_LINE_FIELDS: &str = "id:uuid name engine:Engine engine_version? tags:string{} status:Status \
    last_seen_at:time? last_error? health:Health health_score:integer[0,100]? active_queries:integer? \
    longest_query_ms:integer? issues:IssueCounts top_issues:BriefFinding[3]";

#[derive(Serialize)]
struct FleetRow {
    id: DatabaseId,
    name: String,
    engine: Engine,
    engine_version: Option<String>,
    tags: BTreeMap<String, String>,
    status: Status,
    last_seen_at: Option<Timestamp>,
    last_error: Option<String>,
    health: DoctorStatus,
    health_score: Option<u8>,
    active_queries: Option<usize>,
    longest_query_ms: Option<i64>,
    issues: Counts,
    top_issues: Vec<Brief>,
}

/// How many issues there are, by severity.
#[derive(Default, Serialize)]
struct Counts {
    critical: usize,
    warning: usize,
    info: usize,
}

#[derive(Serialize)]
struct Brief {
    rule_id: &'static str,
    severity: Severity,
    category: Category,
    title: &'static str,
    detail: String,
    penalty: u8,
    since: Timestamp,
}

async fn list(request: Request, principal: Principal) -> Answer {
    let limit = request.query()?.limit(100, 1_000)?;
    let databases = request.app.databases(principal.organization_id).list().await?;
    let total = databases.len();
    let mut rows: Vec<FleetRow> =
        databases.into_iter().map(|database| FleetRow::of(database, &request.app)).collect();
    // without a score first: nothing is known of them
    rows.sort_by(|a, b| (a.health_score, &a.name).cmp(&(b.health_score, &b.name)));
    rows.truncate(limit);
    response::list(&rows, total)
}

impl FleetRow {
    fn of(database: DatabaseRecord, app: &App) -> Self {
        let known = app.status(&database);
        let diagnosis = app.diagnosis(&database);
        let activity = app.directory().find(database.id).and_then(|handle| handle.activity());
        let (active_queries, longest_query_ms) =
            activity.as_deref().map_or((None, None), ActivitySnapshot::active);
        Self {
            id: database.id,
            name: database.name,
            engine: database.engine,
            engine_version: known.engine_version,
            tags: database.tags,
            status: known.status,
            last_seen_at: known.last_seen_at,
            last_error: known.last_error,
            health: diagnosis.status,
            health_score: diagnosis.score,
            active_queries,
            longest_query_ms,
            issues: Counts::of(&diagnosis),
            top_issues: diagnosis.top_issues.iter().take(MOST_ISSUES).map(Brief::of).collect(),
        }
    }
}

impl Counts {
    fn of(diagnosis: &Diagnosis) -> Self {
        let count = |severity| diagnosis.top_issues.iter().filter(|issue| issue.severity == severity).count();
        Self {
            critical: count(Severity::Critical),
            warning: count(Severity::Warning),
            info: count(Severity::Info),
        }
    }
}

impl Brief {
    fn of(issue: &Issue) -> Self {
        Self {
            rule_id: issue.rule_id,
            severity: issue.severity,
            category: issue.category,
            title: issue.title,
            detail: issue.detail.clone(),
            penalty: issue.penalty,
            since: issue.since,
        }
    }
}
