//! `/api/v1/recommendations`: what the health rules advise to do, and what was decided about it.

use std::collections::HashMap;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::{Credential, Principal, Role};
use crate::fields;
use crate::http::{Answer, ApiError, Choice, DatabaseAccess, Request, Route, Watched, response};
use crate::storage::store::{AdviceStatus, Decision, Page, Recommendation};

const REASON_CHARACTERS: usize = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/recommendations",
            "What the rules advise for one database",
            DatabaseAccess::ANY,
            of_database,
        )
        .paged(100)
        .query("status", "{open|dismissed|resolved|all}", "open if not given")
        .list("Recommendation")
        .schema("Recommendation", RECOMMENDATION_FIELDS),
        Route::get(
            "/api/v1/recommendations",
            "What the rules advise for all databases",
            Role::Viewer,
            of_all,
        )
        .paged(100)
        .query("status", "{open|dismissed|resolved|all}", "open if not given")
        .list("Recommendation"),
        Route::patch(
            "/api/v1/recommendations/{id}",
            "Dismisses advice, with a reason, or opens it again",
            Role::Member,
            decide,
        )
        .body("status={open|dismissed|resolved} (reason:string[1,1000]?)", true)
        .object("Recommendation")
        .example(r#"{"status":"dismissed","reason":"known"}"#),
    ]
}

const RECOMMENDATION_FIELDS: &str = "(database_name?) id:uuid database_id:uuid rule_id object \
    status={open|dismissed|resolved} severity:Severity category:Category title detail recommendation \
    how_to_investigate how_to_fix value:number opened_at:time updated_at:time resolved_at:time? \
    dismissed_at:time? dismissed_by:uuid? dismiss_reason?";

/// Which ones are wanted.
#[derive(Clone, Copy)]
enum Wanted {
    Only(AdviceStatus),
    All,
}

impl Choice for Wanted {
    const ALL: &'static [(&'static str, Self)] = &[
        ("open", Self::Only(AdviceStatus::Open)),
        ("dismissed", Self::Only(AdviceStatus::Dismissed)),
        ("resolved", Self::Only(AdviceStatus::Resolved)),
        ("all", Self::All),
    ];
}

/// With the name of the database that it is about.
#[derive(Serialize)]
struct RecommendationJson {
    database_name: Option<String>,
    #[serde(flatten)]
    recommendation: Recommendation,
}

#[derive(Deserialize)]
struct Change {
    status: AdviceStatus,
    reason: Option<String>,
}

async fn of_database(request: Request, watched: Watched) -> Answer {
    list(&request, watched.scope.organization, Some(watched.database.id)).await
}

async fn of_all(request: Request, principal: Principal) -> Answer {
    list(&request, principal.organization_id, None).await
}

async fn list(request: &Request, organization: OrganizationId, database: Option<DatabaseId>) -> Answer {
    let query = request.query()?;
    let limit = query.integer("limit", 100, 1, 1_000)?.into();
    let page = Page { limit, offset: query.integer("offset", 0, 0, u32::MAX)?.into() };
    let wanted = match query.choice("status", Wanted::Only(AdviceStatus::Open))? {
        Wanted::Only(status) => Some(status),
        Wanted::All => None,
    };
    let databases = request.app.databases(organization).list().await?;
    let names: HashMap<DatabaseId, String> =
        databases.into_iter().map(|database| (database.id, database.name)).collect();
    let recommendations = request.app.storage.recommendations(organization);
    let (found, total) = recommendations.list(database, wanted, page).await?;
    let shown = found.into_iter().map(|recommendation| RecommendationJson {
        database_name: names.get(&recommendation.database_id).cloned(),
        recommendation,
    });
    response::page(&shown.collect::<Vec<_>>(), total)
}

async fn decide(mut request: Request, principal: Principal) -> Answer {
    let id = request.path_id("id")?;
    let change: Change = request.json().await?;
    let decision = match change.status {
        AdviceStatus::Dismissed => {
            let reason = fields::line("reason", change.reason.as_deref().unwrap_or(""), REASON_CHARACTERS)?;
            let by = match principal.credential {
                Credential::Token { user_id, .. } => Some(user_id),
                Credential::ApiKey { .. } => None,
            };
            Decision::Dismiss { reason, by }
        }
        AdviceStatus::Open => Decision::Reopen,
        AdviceStatus::Resolved => {
            return Err(ApiError::field("status", "must be dismissed or open: only the rule resolves it"));
        }
    };
    let databases = request.app.databases(principal.organization_id);
    let decided = databases.decide(id, decision, Timestamp::now()).await?;
    response::ok(&decided.ok_or(ApiError::not_found("recommendation"))?)
}
