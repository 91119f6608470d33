//! `/api/v1/invitations`: who may join the organization, for its owners.

use basira_actors::model::Timestamp;
use serde::Deserialize;

use crate::auth::{Principal, Role, bounded_email};
use crate::http::{Answer, ApiError, Request, Route, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/invitations", "Invitations that wait to be accepted", Role::Owner, list)
            .paged(1_000)
            .list("Invitation")
            .schema("Invitation", INVITATION_FIELDS),
        Route::post(
            "/api/v1/invitations",
            "Invites an address by mail; again: sends another link",
            Role::Owner,
            invite,
        )
        .body("email:email[,254] role:Role", true)
        .created("Invitation")
        .refuses(409)
        .example(r#"{"email":"guest@elsewhere.example","role":"viewer"}"#),
        Route::delete("/api/v1/invitations/{id}", "Takes an invitation back", Role::Owner, withdraw)
            .nothing(204, "It is taken back"),
    ]
}

const INVITATION_FIELDS: &str = "id:uuid email role:Role invited_by:uuid? created_at:time expires_at:time";

#[derive(Deserialize)]
struct Invitee {
    email: String,
    role: Role,
}

async fn list(request: Request, principal: Principal) -> Answer {
    let page = request.query()?.page()?;
    let invitations = request.app.storage.invitations(principal.organization_id);
    let (invitations, total) = invitations.list(Timestamp::now(), page).await?;
    response::page(&invitations, total)
}

/// Inviting an address again sends a new link and voids the old one.
async fn invite(mut request: Request, principal: Principal) -> Answer {
    let Invitee { email, role } = request.json().await?;
    request.count_invitation(&principal, bounded_email(&email)?)?;
    let invitation = request.app.accounts.invite(&principal, &email, role, Timestamp::now()).await?;
    request.audit.add_detail("id", invitation.id.to_string());
    request.audit.add_detail("email", invitation.email.as_str());
    request.audit.add_detail("role", role.as_str());
    response::created(&invitation)
}

async fn withdraw(request: Request, principal: Principal) -> Answer {
    let id = request.path_id("id")?;
    let withdrawn = request.app.accounts.withdraw_invitation(principal.organization_id, id).await?;
    if withdrawn { Ok(response::no_content()) } else { Err(ApiError::not_found("invitation")) }
}
