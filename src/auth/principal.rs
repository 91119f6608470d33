//! The authenticated caller of a request.

use basira_actors::model::{OrganizationId, Timestamp};
use uuid::Uuid;

use super::{AccessSubject, KeyRestrictions, Scope};
pub use crate::role::{Role, UnknownRole};

/// An authenticated caller. Everything it reads or writes belongs to `organization_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub organization_id: OrganizationId,
    pub role: Role,
    pub credential: Credential,
}

/// The credential of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token, in the header or the cookie.
    Token {
        user_id: Uuid,
        /// The session that the token was issued in.
        session_id: Uuid,
        expires_at: Timestamp,
        from_cookie: bool,
    },
    /// An API key.
    ApiKey { key_id: Uuid, limits: KeyRestrictions },
}

/// The caller is known but may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {0} or higher")]
pub struct Forbidden(pub Role);

/// A key of a lesser scope, or a person of a lesser role, may not change databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role admin or higher, or a key with the scope write")]
pub struct ForbiddenScope;

impl Principal {
    /// Whether the credential is a cookie, so that the request may be a cross-site request.
    #[must_use]
    pub const fn from_cookie(&self) -> bool {
        matches!(self.credential, Credential::Token { from_cookie: true, .. })
    }

    /// When the credential expires, if ever.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match &self.credential {
            Credential::Token { expires_at, .. } => Some(*expires_at),
            Credential::ApiKey { limits, .. } => limits.expires_at,
        }
    }

    /// Checks for an admin, or a key that writes.
    ///
    /// # Errors
    /// [`ForbiddenScope`] for everyone else.
    pub fn require_write(&self) -> Result<(), ForbiddenScope> {
        let writes = match &self.credential {
            Credential::Token { .. } => self.role >= Role::Admin,
            Credential::ApiKey { limits, .. } => limits.scope >= Scope::Write,
        };
        if writes { Ok(()) } else { Err(ForbiddenScope) }
    }

    /// The user and the session; `None` for a key.
    #[must_use]
    pub const fn person(&self) -> Option<(Uuid, Uuid)> {
        match self.credential {
            Credential::Token { user_id, session_id, .. } => Some((user_id, session_id)),
            Credential::ApiKey { .. } => None,
        }
    }

    /// Whether a change of the access of `whose` affects this caller.
    #[must_use]
    pub fn is_of(&self, whose: AccessSubject) -> bool {
        match (whose, &self.credential) {
            (AccessSubject::Organization(organization), _) => organization == self.organization_id,
            (AccessSubject::Session(session), Credential::Token { session_id, .. }) => session == *session_id,
            (AccessSubject::User(user), Credential::Token { user_id, .. }) => user == *user_id,
            (AccessSubject::ApiKey(key), Credential::ApiKey { key_id, .. }) => key == *key_id,
            _ => false,
        }
    }

    /// The id of the user or the key.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self.credential {
            Credential::Token { user_id, .. } => user_id,
            Credential::ApiKey { key_id, .. } => key_id,
        }
    }

    /// Checks for `role` or higher.
    ///
    /// # Errors
    /// [`Forbidden`] for everyone else.
    pub fn require(&self, role: Role) -> Result<(), Forbidden> {
        if self.role >= role { Ok(()) } else { Err(Forbidden(role)) }
    }
}
