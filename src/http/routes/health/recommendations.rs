//! `/api/v1/recommendations`: what the health rules advise to do, and what was decided about it.

use std::collections::HashMap;

use basira_actors::model::{DatabaseId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::{Credential, Role};
use crate::fields;
use crate::http::{Answer, ApiError, Choice, Request, Route, response};
use crate::storage::store::{AdviceStatus, Decision, Page, Recommendation};

const REASON_CHARACTERS: usize = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/recommendations", of_database),
        Route::get("/api/v1/recommendations", of_all),
        Route::patch("/api/v1/recommendations/{id}", decide),
    ]
}

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

async fn of_database(request: Request) -> Answer {
    let (_, database) = request.database().await?;
    list(&request, Some(database.id)).await
}

async fn of_all(request: Request) -> Answer {
    list(&request, None).await
}

async fn list(request: &Request, database: Option<DatabaseId>) -> Answer {
    let principal = request.principal().await?;
    let query = request.query()?;
    let limit = query.integer("limit", 100, 1, 1_000)?.into();
    let page = Page { limit, offset: query.integer("offset", 0, 0, u32::MAX)?.into() };
    let wanted = match query.choice("status", Wanted::Only(AdviceStatus::Open))? {
        Wanted::Only(status) => Some(status),
        Wanted::All => None,
    };
    let organization = principal.organization_id;
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

async fn decide(mut request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Member).await?;
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
