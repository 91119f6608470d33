//! `/api/v1/members`: the people of the organization. All see them; owners change them.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::Role;
use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/members", list),
        Route::patch("/api/v1/members/{id}", change),
        Route::delete("/api/v1/members/{id}", remove),
    ]
}

#[derive(Deserialize)]
struct Change {
    role: Role,
    /// Whether the API keys of somebody who is no admin any more stay good.
    #[serde(default)]
    keep_keys: bool,
}

async fn list(request: Request) -> Answer {
    let principal = request.principal().await?;
    let page = request.query()?.page()?;
    let (members, total) = request.app.storage.members(principal.organization_id).list(page).await?;
    response::page(&members, total)
}

async fn change(mut request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let id = request.path_id("id")?;
    let Change { role, keep_keys } = request.json().await?;
    let accounts = &request.app.accounts;
    let changed =
        accounts.change_role(principal.organization_id, id, role, keep_keys, Timestamp::now()).await?;
    let (member, revoked_keys) = changed;
    request.audit.add_detail("role", role.as_str());
    request.audit.add_detail("revoked_keys", revoked_keys.len());
    response::ok(&member)
}

async fn remove(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let id = request.path_id("id")?;
    let keep_keys = request.query()?.flag("keep_keys", false)?;
    let accounts = &request.app.accounts;
    let removed = accounts.remove_member(principal.organization_id, id, keep_keys, Timestamp::now()).await?;
    request.audit.add_detail("revoked_keys", removed.1.len());
    Ok(response::no_content())
}
