//! `/api/v1/members`: the people of the organization. All see them; owners change them.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::{Principal, Role};
use crate::http::{Answer, Request, Route, response};

const KEEP_KEYS: &str = "Whether the API keys that they made stay good; false if not given";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/members", "The people of the organization", Role::Viewer, list)
            .paged(1_000)
            .list("Member")
            .schema("Member", MEMBER_FIELDS),
        Route::patch(
            "/api/v1/members/{id}",
            "Gives a person another role, at once; the last owner stays one",
            Role::Owner,
            change,
        )
        .body("role:Role (keep_keys:boolean)", true)
        .object("Member")
        .refuses(409)
        .example(r#"{"role":"owner"}"#),
        Route::delete(
            "/api/v1/members/{id}",
            "Removes a person, at once; the last owner stays",
            Role::Owner,
            remove,
        )
        .query("keep_keys", "boolean", KEEP_KEYS)
        .nothing(204, "They are removed")
        .refuses(409),
    ]
}

const MEMBER_FIELDS: &str = "id:uuid email name role:Role email_verified:boolean instance_admin:boolean \
    created_at:time";

#[derive(Deserialize)]
struct Change {
    role: Role,
    /// Whether the API keys of somebody who is no admin any more stay good.
    #[serde(default)]
    keep_keys: bool,
}

async fn list(request: Request, principal: Principal) -> Answer {
    let page = request.query()?.page()?;
    let (members, total) = request.app.storage.members(principal.organization_id).list(page).await?;
    response::page(&members, total)
}

async fn change(mut request: Request, principal: Principal) -> Answer {
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

async fn remove(request: Request, principal: Principal) -> Answer {
    let id = request.path_id("id")?;
    let keep_keys = request.query()?.flag("keep_keys", false)?;
    let accounts = &request.app.accounts;
    let removed = accounts.remove_member(principal.organization_id, id, keep_keys, Timestamp::now()).await?;
    request.audit.add_detail("revoked_keys", removed.1.len());
    Ok(response::no_content())
}
