//! `/api/v1/api-keys`: the keys that programs call with.

use basira_actors::model::Timestamp;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::{RequestedRestrictions, Role};
use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/api-keys", list),
        Route::post("/api/v1/api-keys", create),
        Route::delete("/api/v1/api-keys/{id}", revoke),
    ]
}

#[derive(Deserialize)]
struct NewKey {
    name: String,
    #[serde(flatten)]
    limits: RequestedRestrictions,
}

#[derive(Serialize)]
struct CreatedKey<'a> {
    id: Uuid,
    name: &'a str,
    /// Shown this once.
    key: &'a str,
    prefix: &'a str,
    created_at: Timestamp,
    scope: &'a str,
    expires_at: Option<Timestamp>,
    allowed_addresses: &'a [IpNet],
}

async fn list(request: Request) -> Answer {
    let principal = request.principal().await?;
    let query = request.query()?;
    let include_revoked = query.flag("include_revoked", false)?;
    let accounts = &request.app.accounts;
    let (keys, total) = accounts.api_keys(principal.organization_id, include_revoked, query.page()?).await?;
    response::page(&keys, total)
}

async fn create(mut request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Admin).await?;
    let new: NewKey = request.json().await?;
    let issued =
        request.app.accounts.issue_api_key(&principal, &new.name, &new.limits, Timestamp::now()).await?;
    request.audit.add_detail("id", issued.key.id.to_string());
    request.audit.add_detail("name", issued.key.name.as_str());
    request.audit.add_detail("scope", issued.key.scope.as_str());
    response::created(&CreatedKey {
        id: issued.key.id,
        name: &issued.key.name,
        key: issued.secret.expose(),
        prefix: &issued.key.prefix,
        created_at: issued.key.created_at,
        scope: &issued.key.scope,
        expires_at: issued.key.expires_at,
        allowed_addresses: &issued.key.allowed_addresses,
    })
}

async fn revoke(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Admin).await?;
    let id = request.path_id("id")?;
    let revoked =
        request.app.accounts.revoke_api_key(principal.organization_id, id, Timestamp::now()).await?;
    if revoked { Ok(response::no_content()) } else { Err(ApiError::not_found("api key")) }
}
