//! `/api/v1/auth/me`: the account of the caller.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::{AccountError, Principal, Role};
use crate::http::{Answer, Person, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/auth/me", "Who the caller is; a key has no person", Role::Viewer, get)
            .object("Me")
            .schema("Role", "{viewer|member|admin|owner}")
            .schema("User", "id:uuid email name role:Role instance_admin:boolean")
            .schema("Organization", "id:uuid name slug plan verified:boolean")
            .schema("Me", "(user:User) organization:Organization"),
        Route::patch("/api/v1/auth/me", "Changes one's own name", Person, change)
            .body("name:string[1,200]", true)
            .object("Me")
            .example(r#"{"name":"renamed"}"#),
        Route::delete("/api/v1/auth/me", "Removes one's own account; the last owner stays", Person, leave)
            .query("keep_keys", "boolean", "Whether the API keys that it made stay good; false if not given")
            .nothing(204, "It is removed")
            .refuses(409),
    ]
}

#[derive(Deserialize)]
struct Change {
    name: String,
}

async fn get(request: Request, principal: Principal) -> Answer {
    response::ok(&request.app.accounts.me(&principal).await?)
}

async fn change(mut request: Request, principal: Principal) -> Answer {
    let Change { name } = request.json().await?;
    response::ok(&request.app.accounts.rename(&principal, &name, Timestamp::now()).await?)
}

/// Removes the account with its sessions and, unless `keep_keys`, the API keys that it made. The last owner stays.
async fn leave(request: Request, principal: Principal) -> Answer {
    let (user_id, _) = principal.person().ok_or(AccountError::NotAPerson)?;
    let keep_keys = request.query()?.flag("keep_keys", false)?;
    let accounts = &request.app.accounts;
    let organization = principal.organization_id;
    match accounts.remove_member(organization, user_id, keep_keys, Timestamp::now()).await {
        Ok((_, revoked_keys)) => request.audit.add_detail("revoked_keys", revoked_keys.len()),
        Err(AccountError::NoSuchMember) => return Err(AccountError::Gone.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(response::no_content())
}
