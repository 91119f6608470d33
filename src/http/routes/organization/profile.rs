//! `/api/v1/organization`: one's own organization.

use serde::Deserialize;

use crate::auth::{AccessSubject, Principal, Role};
use crate::fields;
use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/organization", "One's own organization", Role::Viewer, get)
            .object("Organization")
            .refuses(404),
        Route::patch("/api/v1/organization", "Calls it otherwise; its slug stays", Role::Owner, change)
            .body("name:string[1,200]", true)
            .object("Organization")
            .refuses(404)
            .example(r#"{"name":"renamed"}"#),
        Route::delete(
            "/api/v1/organization",
            "Removes the organization and all that it has",
            Role::Owner,
            delete,
        )
        .query("confirm", "string", "Its slug, so that nobody does this by accident")
        .nothing(204, "It is removed")
        .refuses(404)
        .refuses(409),
    ]
}

#[derive(Deserialize)]
struct Change {
    name: String,
}

async fn get(request: Request, principal: Principal) -> Answer {
    let found = request.app.storage.organization(principal.organization_id).await?;
    response::ok(&found.ok_or(ApiError::not_found("organization"))?)
}

/// The slug stays as it is.
async fn change(mut request: Request, principal: Principal) -> Answer {
    let Change { name } = request.json().await?;
    let name = fields::line("name", &name, 200)?;
    let renamed = request.app.storage.rename_organization(principal.organization_id, &name).await?;
    request.audit.add_detail("name", name);
    response::ok(&renamed.ok_or(ApiError::not_found("organization"))?)
}

/// Removes everything of the organization, for an owner who repeats its slug in `confirm`.
async fn delete(request: Request, principal: Principal) -> Answer {
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
