//! What the audit log is to contain about one request, as its handler finds it out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use basira_actors::model::OrganizationId;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::auth::{Credential, Principal, Role};
use crate::storage::store;

/// Which answers of a route are written to the audit log. A refusal is a 401 or a 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditPolicy {
    Never,
    Done,
    Refused,
    Both,
}

/// What a handler finds out about its request for the audit log.
#[derive(Debug, Default)]
pub struct AuditContext(Mutex<Found>);

/// The content of an [`AuditContext`].
#[derive(Debug, Default)]
pub(in crate::http) struct Found {
    pub(in crate::http) actor: Option<Actor>,
    pub(in crate::http) by_viewer: bool,
    pub(in crate::http) of_the_instance: bool,
    pub(in crate::http) details: Map<String, Value>,
}

/// Who sent the request, as far as that is known.
#[derive(Debug, Clone)]
pub(in crate::http) enum Actor {
    Known(OrganizationId, store::Actor),
    /// Proved by a token that does not name the organization.
    Person(Uuid),
    /// The e-mail address in the request; not proved.
    ClaimedEmail(String),
}

impl AuditContext {
    /// The request was sent by `principal`.
    pub fn set_actor(&self, principal: &Principal) {
        let actor = match principal.credential {
            Credential::Token { user_id, .. } => store::Actor::User(user_id),
            Credential::ApiKey { key_id, .. } => store::Actor::ApiKey(key_id),
        };
        let mut found = self.found();
        found.actor = Some(Actor::Known(principal.organization_id, actor));
        found.by_viewer = principal.role == Role::Viewer;
    }

    /// The request was sent by this user, as a token of theirs has proved.
    pub fn set_person(&self, user_id: Uuid) {
        self.found().actor = Some(Actor::Person(user_id));
    }

    /// The request tries to log in or sign up with this e-mail address.
    pub fn set_claimed_email(&self, email: &str) {
        self.found().actor = Some(Actor::ClaimedEmail(email.to_owned()));
    }

    /// The entry belongs to the log of the instance: the organization may not exist any more.
    pub fn set_of_instance(&self) {
        self.found().of_the_instance = true;
    }

    /// Adds a detail that the path does not contain; never a secret.
    pub fn add_detail(&self, name: &str, value: impl Into<Value>) {
        self.found().details.insert(name.to_owned(), value.into());
    }

    /// Everything found out so far, which is empty afterwards.
    pub(in crate::http) fn take(&self) -> Found {
        std::mem::take(&mut *self.found())
    }

    /// A panic elsewhere cannot leave it half-changed.
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
