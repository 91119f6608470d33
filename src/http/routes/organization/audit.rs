//! `GET /api/v1/audit`: who changed what in the organization, newest first. `GET /api/v1/admin/audit`: the same of the
//! instance: what operators and instance admins did, and who was refused without anybody knowing who it was.

use crate::auth::{Principal, Role};
use crate::http::{Answer, ApiError, Choice, InstanceAdmin, Query, Request, Route, response};
use crate::storage::store::{AuditFilter, Outcome};

pub(super) fn routes() -> Vec<Route> {
    vec![
        filtered(Route::get(
            "/api/v1/audit",
            "Who changed what in the organization, newest first",
            Role::Admin,
            of_organization,
        ))
        .schema("AuditEntry", AUDIT_ENTRY_FIELDS),
        filtered(Route::get(
            "/api/v1/admin/audit",
            "What operators and instance admins did, newest first",
            InstanceAdmin,
            of_instance,
        ))
        .tag("Instance"),
    ]
}

const AUDIT_ENTRY_FIELDS: &str = "id:uuid ts:time action outcome={done|refused} \
    actor_kind={user|api_key|operator|nobody} actor_id:uuid? actor_name? address? status:integer? request_id? \
    target:object details:object";

/// With the filters of the audit log.
fn filtered(route: Route) -> Route {
    route
        .query("since", "time", "Only what happened from then on")
        .query("until", "time", "Only what happened until then")
        .query("before", "uuid", "Only what is older than this entry: the next page")
        .query("actor_id", "uuid", "Only what this person or key did")
        .query("action", "string", "Only this action")
        .query("outcome", "{all|done|refused}", "all if not given")
        .limit(100, 1_000)
        .list("AuditEntry")
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    All,
    Only(Outcome),
}

impl Choice for Wanted {
    const ALL: &'static [(&'static str, Self)] =
        &[("all", Self::All), ("done", Self::Only(Outcome::Done)), ("refused", Self::Only(Outcome::Refused))];
}

async fn of_organization(request: Request, principal: Principal) -> Answer {
    let (filter, limit) = asked(&request.query()?)?;
    let organization = Some(principal.organization_id);
    let (entries, total) = request.app.storage.audit(organization, &filter, limit).await?;
    response::page(&entries, total)
}

async fn of_instance(request: Request, _: Principal) -> Answer {
    let (filter, limit) = asked(&request.query()?)?;
    let (entries, total) = request.app.storage.audit(None, &filter, limit).await?;
    response::page(&entries, total)
}

/// Which entries, and how many at most.
fn asked(query: &Query) -> Result<(AuditFilter, u64), ApiError> {
    let (since, until) = (query.timestamp("since")?, query.timestamp("until")?);
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(ApiError::field("since", "must not be after until"));
    }
    let outcome = match query.choice("outcome", Wanted::All)? {
        Wanted::All => None,
        Wanted::Only(outcome) => Some(outcome),
    };
    let filter = AuditFilter {
        since,
        until,
        before: query.id("before")?,
        actor_id: query.id("actor_id")?,
        action: query.text("action")?.map(str::to_owned),
        outcome,
    };
    Ok((filter, query.integer("limit", 100, 1, 1_000)?.into()))
}
