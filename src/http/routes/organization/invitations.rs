//! `/api/v1/invitations`: who may join the organization, for its owners.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::{Role, bounded_email};
use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/invitations", list),
        Route::post("/api/v1/invitations", invite),
        Route::delete("/api/v1/invitations/{id}", withdraw),
    ]
}

#[derive(Deserialize)]
struct Invitee {
    email: String,
    role: Role,
}

async fn list(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let page = request.query()?.page()?;
    let invitations = request.app.storage.invitations(principal.organization_id);
    let (invitations, total) = invitations.list(Timestamp::now(), page).await?;
    response::page(&invitations, total)
}

/// Inviting an address again sends a new link and voids the old one.
async fn invite(mut request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let Invitee { email, role } = request.json().await?;
    request.count_invitation(&principal, bounded_email(&email)?)?;
    let invitation = request.app.accounts.invite(&principal, &email, role, Timestamp::now()).await?;
    request.audit.add_detail("id", invitation.id.to_string());
    request.audit.add_detail("email", invitation.email.as_str());
    request.audit.add_detail("role", role.as_str());
    response::created(&invitation)
}

async fn withdraw(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Owner).await?;
    let id = request.path_id("id")?;
    let withdrawn = request.app.accounts.withdraw(principal.organization_id, id).await?;
    if withdrawn { Ok(response::no_content()) } else { Err(ApiError::not_found("invitation")) }
}
