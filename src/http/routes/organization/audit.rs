//! `GET /api/v1/audit`: who changed what in the organization, newest first. `GET /api/v1/admin/audit`: the same of the
//! instance: what operators and instance admins did, and who was refused without anybody knowing who it was.

use crate::auth::Role;
use crate::http::{Answer, ApiError, Choice, Query, Request, Route, response};
use crate::storage::store::{AuditFilter, Outcome};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/audit", of_organization), Route::get("/api/v1/admin/audit", of_instance)]
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

async fn of_organization(request: Request) -> Answer {
    let principal = request.principal_at_least(Role::Admin).await?;
    let (filter, limit) = asked(&request.query()?)?;
    let organization = Some(principal.organization_id);
    let (entries, total) = request.app.storage.audit(organization, &filter, limit).await?;
    response::page(&entries, total)
}

async fn of_instance(request: Request) -> Answer {
    request.instance_admin().await?;
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
