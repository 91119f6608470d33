//! `/api/v1/api-keys`: the keys that programs call with.

use basira_actors::model::Timestamp;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::{Principal, RequestedRestrictions, Role};
use crate::http::{Answer, ApiError, Request, Route, response};

const LIMITS_FIELDS: &str = "scope:ApiKeyScope expires_at:time? allowed_addresses:string[]";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/api-keys", "The keys of the organization, oldest first", Role::Viewer, list)
            .query("include_revoked", "boolean", "Whether to show those that are revoked; false if not given")
            .paged(1_000)
            .list("ApiKey")
            .schema("ApiKeyScope", "{read|write|admin}")
            .schema("ApiKey", format!("{API_KEY_FIELDS} {LIMITS_FIELDS}")),
        Route::post("/api/v1/api-keys", "Issues a key, which is shown whole this once", Role::Admin, create)
            .body(
                "name:string[1,200] (scope:ApiKeyScope expires_at:time? allowed_addresses:string[100])",
                true,
            )
            .created("IssuedApiKey")
            .refuses(409)
            .example(r#"{"name":"new"}"#)
            .schema("IssuedApiKey", format!("id:uuid name key prefix created_at:time {LIMITS_FIELDS}")),
        Route::delete("/api/v1/api-keys/{id}", "Revokes a key at once", Role::Admin, revoke)
            .nothing(204, "It is revoked"),
    ]
}

const API_KEY_FIELDS: &str = "id:uuid name prefix created_at:time created_by:uuid? last_used_at:time? \
    last_used_from? revoked_at:time?";

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

async fn list(request: Request, principal: Principal) -> Answer {
    let query = request.query()?;
    let include_revoked = query.flag("include_revoked", false)?;
    let accounts = &request.app.accounts;
    let (keys, total) = accounts.api_keys(principal.organization_id, include_revoked, query.page()?).await?;
    response::page(&keys, total)
}

async fn create(mut request: Request, principal: Principal) -> Answer {
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

async fn revoke(request: Request, principal: Principal) -> Answer {
    let id = request.path_id("id")?;
    let revoked =
        request.app.accounts.revoke_api_key(principal.organization_id, id, Timestamp::now()).await?;
    if revoked { Ok(response::no_content()) } else { Err(ApiError::not_found("api key")) }
}
