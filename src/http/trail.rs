//! The trail of one request, and the one place where it becomes an entry of the audit log.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use basira_actors::model::OrganizationId;
use serde_json::{Map, Value};
use uuid::Uuid;
use warp::http::StatusCode;

use super::Route;
use super::router::PathParameters;
use crate::app::App;
use crate::auth::{Credential, Principal, Role};
use crate::storage::StorageError;
use crate::storage::store::{Actor, NewAuditEntry, Outcome};

/// Routes below this are the instance's business, whoever calls them.
const OF_THE_INSTANCE: &str = "/api/v1/admin/";

/// Which answers of a route the audit log tells of. A refusal is one for want of the right credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Nothing,
    Done,
    Refused,
    Both,
}

/// What a handler finds out about the request on its way.
#[derive(Debug, Default)]
pub struct Trail(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    who: Option<Who>,
    by_viewer: bool,
    of_the_instance: bool,
    details: Map<String, Value>,
}

#[derive(Debug, Clone)]
enum Who {
    Known(OrganizationId, Actor),
    /// Proved by a token that does not say in which organization.
    Person(Uuid),
    /// Whose address it gave; not proved by that.
    Claims(String),
}

/// What is known of a request without its handler.
pub(super) struct Call<'a> {
    pub route: &'a Route,
    pub parameters: &'a PathParameters,
    pub address: Option<IpAddr>,
    pub request_id: &'a str,
}

impl Recorded {
    fn outcome(self, status: StatusCode) -> Option<Outcome> {
        let outcome = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Refused,
            status if status.is_success() || status.is_redirection() => Outcome::Done,
            _ => return None,
        };
        let wanted = match self {
            Self::Nothing => false,
            Self::Done => outcome == Outcome::Done,
            Self::Refused => outcome == Outcome::Refused,
            Self::Both => true,
        };
        wanted.then_some(outcome)
    }
}

impl Trail {
    /// The request is `principal`'s.
    pub fn is_of(&self, principal: &Principal) {
        let actor = match principal.credential {
            Credential::Token { user_id, .. } => Actor::User(user_id),
            Credential::ApiKey { key_id, .. } => Actor::ApiKey(key_id),
        };
        let mut found = self.found();
        found.who = Some(Who::Known(principal.organization_id, actor));
        found.by_viewer = principal.role == Role::Viewer;
    }

    /// The request is this person's, as a token of theirs has proved.
    pub fn is_of_person(&self, user_id: Uuid) {
        self.found().who = Some(Who::Person(user_id));
    }

    /// Somebody wants to be let in as the person with this address.
    pub fn claims(&self, email: &str) {
        self.found().who = Some(Who::Claims(email.to_owned()));
    }

    /// The instance should remember this rather than the organization, which may not be there any more.
    pub fn is_of_the_instance(&self) {
        self.found().of_the_instance = true;
    }

    /// Something worth knowing that the path does not say; never a secret.
    pub fn note(&self, name: &str, value: impl Into<Value>) {
        self.found().details.insert(name.to_owned(), value.into());
    }

    /// Writes down what came of the request, if its route wants that. What was done is done: an entry that cannot be
    /// written is logged instead.
    pub(super) async fn record(&self, app: &App, call: Call<'_>, status: StatusCode) {
        let Some(outcome) = call.route.recorded.outcome(status) else { return };
        let by_viewer = self.found().by_viewer;
        let written = match self.entry(app, &call, status, outcome).await {
            Ok(Some(entry)) if by_viewer || outcome == Outcome::Refused => record_some(app, entry).await,
            Ok(Some(entry)) => app.record(entry).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::error!(request.id = call.request_id, route = ?call.route, "not in the audit log: {error}");
        }
    }

    /// None when nobody did anything: a logout without a session, a mail to nobody.
    async fn entry(
        &self,
        app: &App,
        call: &Call<'_>,
        status: StatusCode,
        outcome: Outcome,
    ) -> Result<Option<NewAuditEntry>, StorageError> {
        let Found { who, of_the_instance, mut details, .. } = std::mem::take(&mut *self.found());
        let (organization, actor) = match who {
            Some(Who::Known(organization, actor)) => (Some(organization), actor),
            Some(Who::Person(user_id)) => {
                (app.accounts.organization_of(user_id).await?, Actor::User(user_id))
            }
            Some(Who::Claims(email)) => claimed(app, &email, outcome, &mut details).await?,
            None => (None, Actor::Nobody),
        };
        if actor == Actor::Nobody && outcome == Outcome::Done {
            return Ok(None);
        }
        let of_the_instance = of_the_instance || call.route.path.starts_with(OF_THE_INSTANCE);
        if let (true, Some(organization)) = (of_the_instance, organization) {
            details.insert("organization_id".to_owned(), organization.to_string().into());
        }
        let target = call.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        Ok(Some(NewAuditEntry {
            organization: organization.filter(|_| !of_the_instance),
            actor,
            address: call.address,
            action: format!("{:?}", call.route),
            outcome,
            status: Some(status.as_u16()),
            request_id: Some(call.request_id.to_owned()),
            target: target.collect(),
            details,
        }))
    }

    /// A panic elsewhere cannot leave it half-changed.
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `entry` down unless there were many of its kind a moment ago: whoever may change nothing of the organization
/// must not fill its log. The next of the kind tells how many there were between, as `repeated`.
async fn record_some(app: &App, entry: NewAuditEntry) -> Result<(), StorageError> {
    let kind = format!("{:?} {:?} {:?} {}", entry.organization, entry.actor, entry.address, entry.action);
    match app.limits.audited(&kind) {
        None => Ok(()),
        Some(0) => app.record(entry).await,
        Some(repeated) => app.record(entry.with("repeated", repeated)).await,
    }
}

/// Who is behind the address that somebody gave: the person, once let in; else an organization that should know. An
/// address of nobody is not kept: it may be a password in the wrong field.
async fn claimed(
    app: &App,
    email: &str,
    outcome: Outcome,
    details: &mut Map<String, Value>,
) -> Result<(Option<OrganizationId>, Actor), StorageError> {
    let Some((organization, user_id)) = app.accounts.whose(email).await? else {
        return Ok((None, Actor::Nobody));
    };
    if outcome == Outcome::Done {
        return Ok((Some(organization), Actor::User(user_id)));
    }
    details.insert("user_id".to_owned(), user_id.to_string().into());
    Ok((Some(organization), Actor::Nobody))
}
