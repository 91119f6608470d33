//! `/api/v1/organization`: one's own organization.

use serde::Deserialize;

use crate::auth::{AccessSubject, Role};
use crate::fields;
use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/organization", get),
        Route::patch("/api/v1/organization", change),
        Route::delete("/api/v1/organization", delete),
    ]
}

#[derive(Deserialize)]
struct Change {
    name: String,
}

async fn get(request: Request) -> Answer {
    let principal = request.principal().await?;
    let found = request.app.storage.organization(principal.organization_id).await?;
    response::ok(&found.ok_or(ApiError::not_found("organization"))?)
}

/// The slug stays as it is.
async fn change(mut request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let Change { name } = request.json().await?;
    let name = fields::line("name", &name, 200)?;
    let renamed = request.app.storage.rename_organization(principal.organization_id, &name).await?;
    request.audit.add_detail("name", name);
    response::ok(&renamed.ok_or(ApiError::not_found("organization"))?)
}

/// Removes everything of the organization, for an owner who repeats its slug in `confirm`.
async fn delete(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let id = principal.organization_id;
    let found = request.app.storage.organization(id).await?.ok_or(ApiError::not_found("organization"))?;
    if request.query()?.text("confirm")? != Some(found.slug.as_str()) {
        let message = "must be the slug of the organization: all that it has will be removed";
        return Err(ApiError::field("confirm", message));
    }
    request.app.databases(id).delete_organization().await?;
    request.app.accounts.access_changed(AccessSubject::Organization(id));
    // its own log is gone with it
    request.audit.set_of_instance();
    request.audit.add_detail("slug", found.slug);
    Ok(response::no_content())
}
