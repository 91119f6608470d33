//! Writes the entry of one request to the audit log.

use std::net::IpAddr;

use basira_actors::model::OrganizationId;
use serde_json::{Map, Value};
use warp::http::StatusCode;

use crate::app::App;
use crate::auth::normalised_email;
use crate::http::routing::{Actor, PathParameters};
use crate::http::{AuditContext, AuditPolicy, Route};
use crate::storage::StorageError;
use crate::storage::store::{self, NewAuditEntry, Outcome};

/// Entries about routes below this path belong to the instance, whichever organization the caller has.
const INSTANCE_PATHS: &str = "/api/v1/admin/";

/// A request that was answered.
pub(in crate::http) struct Call<'a> {
    pub(in crate::http) route: &'a Route,
    pub(in crate::http) parameters: &'a PathParameters,
    pub(in crate::http) address: Option<IpAddr>,
    pub(in crate::http) request_id: &'a str,
}

/// Writes the entry of a request that was answered with `status`, if its route has one. The request has had its effect: an
/// entry that cannot be written is logged instead.
pub(in crate::http) async fn record(app: &App, call: Call<'_>, context: &AuditContext, status: StatusCode) {
    let Some(outcome) = outcome(call.route.audit, status) else { return };
    if let Err(error) = write(app, &call, context, (status, outcome)).await {
        tracing::error!(
            request.id = call.request_id, route = ?call.route, "writing to the audit log failed: {error}"
        );
    }
}

/// What the entry tells of an answer with `status`; `None` when the route has no entry for it.
fn outcome(policy: AuditPolicy, status: StatusCode) -> Option<Outcome> {
    let outcome = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Refused,
        status if status.is_success() || status.is_redirection() => Outcome::Done,
        _ => return None,
    };
    let wanted = match policy {
        AuditPolicy::Never => false,
        AuditPolicy::Done => outcome == Outcome::Done,
        AuditPolicy::Refused => outcome == Outcome::Refused,
        AuditPolicy::Both => true,
    };
    wanted.then_some(outcome)
}

/// Writes nothing when nobody did anything: a logout without a session, a mail to an unknown address.
async fn write(
    app: &App,
    call: &Call<'_>,
    context: &AuditContext,
    (status, outcome): (StatusCode, Outcome),
) -> Result<(), StorageError> {
    let mut found = context.take();
    let (organization, actor) = match found.actor {
        Some(Actor::Known(organization, actor)) => (Some(organization), actor),
        Some(Actor::Person(user_id)) => {
            (app.storage.organization_of(user_id).await?, store::Actor::User(user_id))
        }
        Some(Actor::ClaimedEmail(email)) => claimed(app, &email, outcome, &mut found.details).await?,
        None => (None, store::Actor::Nobody),
    };
    if actor == store::Actor::Nobody && outcome == Outcome::Done {
        return Ok(());
    }
    let of_the_instance = found.of_the_instance || call.route.path.starts_with(INSTANCE_PATHS);
    if let (true, Some(organization)) = (of_the_instance, organization) {
        found.details.insert("organization_id".to_owned(), organization.to_string().into());
    }
    let target = call.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
    let entry = NewAuditEntry {
        organization: organization.filter(|_| !of_the_instance),
        actor,
        address: call.address,
        action: format!("{:?}", call.route),
        outcome,
        status: Some(status.as_u16()),
        request_id: Some(call.request_id.to_owned()),
        target: target.collect(),
        details: found.details,
    };
    if found.by_viewer || outcome == Outcome::Refused {
        record_limited(app, entry).await
    } else {
        app.record(entry).await
    }
}

/// Writes `entry` unless there were many of its kind a moment ago, so that a caller who may change nothing cannot fill the
/// log of the organization. The next entry of the kind counts those left out, as `repeated`.
async fn record_limited(app: &App, entry: NewAuditEntry) -> Result<(), StorageError> {
    let kind = format!("{:?} {:?} {:?} {}", entry.organization, entry.actor, entry.address, entry.action);
    match app.limits.should_audit(&kind) {
        None => Ok(()),
        Some(0) => app.record(entry).await,
        Some(repeated) => app.record(entry.with("repeated", repeated)).await,
    }
}

/// The organization and the actor behind the e-mail address in a request: the user after a success, else only the
/// organization. An unknown address is not kept: it may be a password in the wrong field.
async fn claimed(
    app: &App,
    email: &str,
    outcome: Outcome,
    details: &mut Map<String, Value>,
) -> Result<(Option<OrganizationId>, store::Actor), StorageError> {
    let Some(account) = app.storage.account_by_email(&normalised_email(email)).await? else {
        return Ok((None, store::Actor::Nobody));
    };
    let (organization, user_id) = (account.organization.id, account.user.id);
    if outcome == Outcome::Done {
        return Ok((Some(organization), store::Actor::User(user_id)));
    }
    details.insert("user_id".to_owned(), user_id.to_string().into());
    Ok((Some(organization), store::Actor::Nobody))
}
