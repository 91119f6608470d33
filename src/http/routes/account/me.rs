//! `PATCH` and `DELETE /api/v1/auth/me`: changing one's own account, and leaving.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::AccountError;
use crate::http::{Answer, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::patch("/api/v1/auth/me", change), Route::delete("/api/v1/auth/me", leave)]
}

#[derive(Deserialize)]
struct Change {
    name: String,
}

async fn change(mut request: Request) -> Answer {
    let principal = request.principal().await?;
    let Change { name } = request.json().await?;
    response::ok(&request.app.accounts.rename(&principal, &name, Timestamp::now()).await?)
}

/// Removes the account with its sessions and, unless `keep_keys`, the API keys that it made. The last owner stays.
async fn leave(request: Request) -> Answer {
    let principal = request.principal().await?;
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
