//! `/api/v1/admin`: the organizations of this instance and the people who run it, for the latter.

use basira_actors::model::{OrganizationId, Timestamp};
use serde::Deserialize;

use crate::auth::{AccessSubject, Principal, bounded_email, normalised_email};
use crate::http::{Answer, ApiError, InstanceAdmin, Request, Route, response};
use crate::storage::store::Demoted;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/admin/organizations",
            "The organizations of this instance",
            InstanceAdmin,
            organizations,
        )
        .limit(100, 10_000)
        .list("OrganizationSummary")
        .schema("OrganizationSummary", "..Organization created_at:time members:integer databases:integer"),
        Route::delete(
            "/api/v1/admin/organizations/{id}",
            "Removes an organization and all that it has",
            InstanceAdmin,
            delete_organization,
        )
        .nothing(204, "It is removed")
        .refuses(409),
        Route::get("/api/v1/admin/instance-admins", "Who runs this instance", InstanceAdmin, admins)
            .list("Member"),
        Route::post("/api/v1/admin/instance-admins", "Lets somebody run this instance", InstanceAdmin, grant)
            .body("email", true)
            .created("Member")
            .example(r#"{"email":"nobody@elsewhere.example"}"#),
        Route::delete(
            "/api/v1/admin/instance-admins/{id}",
            "Takes that back; the last one stays",
            InstanceAdmin,
            revoke,
        )
        .nothing(204, "They are none any more")
        .refuses(409),
    ]
}

#[derive(Deserialize)]
struct Candidate {
    email: String,
}

async fn organizations(request: Request, _: Principal) -> Answer {
    let limit = request.query()?.limit(100, 10_000)?;
    let organizations = request.app.storage.organizations().await?;
    response::list(&organizations[..limit.min(organizations.len())], organizations.len())
}

async fn delete_organization(request: Request, principal: Principal) -> Answer {
    let id: OrganizationId = request.path_id("id")?;
    if id == principal.organization_id {
        let message = "this is your own organization: DELETE /api/v1/organization removes it".into();
        return Err(ApiError::Conflict { code: "own_organization", field: None, message });
    }
    let found = request.app.storage.organization(id).await?.ok_or(ApiError::not_found("organization"))?;
    request.app.databases(id).delete_organization().await?;
    request.app.accounts.access_changed(AccessSubject::Organization(id));
    request.audit.add_detail("slug", found.slug);
    Ok(response::no_content())
}

async fn admins(request: Request, _: Principal) -> Answer {
    let admins = request.app.storage.instance_admins().await?;
    response::list(&admins, admins.len())
}

async fn grant(mut request: Request, _: Principal) -> Answer {
    let Candidate { email } = request.json().await?;
    let promoted =
        request.app.storage.promote(&normalised_email(bounded_email(&email)?), Timestamp::now()).await?;
    let admin = promoted.ok_or_else(|| ApiError::field("email", "must be that of an account"))?;
    request.app.accounts.access_changed(AccessSubject::User(admin.id));
    request.audit.add_detail("user_id", admin.id.to_string());
    response::created(&admin)
}

async fn revoke(request: Request, _: Principal) -> Answer {
    let id = request.path_id("id")?;
    match request.app.storage.demote(id, Timestamp::now()).await? {
        Demoted::Done => {
            request.app.accounts.access_changed(AccessSubject::User(id));
            Ok(response::no_content())
        }
        Demoted::Unknown => Err(ApiError::not_found("instance admin")),
        Demoted::LastOne => Err(ApiError::Conflict {
            code: "last_instance_admin",
            field: None,
            message: "this is the last instance admin: make somebody else one first".into(),
        }),
    }
}
