//! Who is asking.

use std::fmt;
use std::str::FromStr;

use basira_actors::model::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KeyLimits, Scope, Whose};

/// What a person or key may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also acknowledges.
    Member,
    /// Also registers databases, keys and rules.
    Admin,
    /// Also manages people.
    Owner,
}

/// The text named no role.
#[derive(Debug, thiserror::Error)]
#[error("must be one of viewer, member, admin, owner")]
pub struct UnknownRole;

/// An authenticated caller. Everything it reads or writes belongs to `organization_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub organization_id: OrganizationId,
    pub role: Role,
    pub credential: Credential,
}

/// What the caller showed.
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
    ApiKey { key_id: Uuid, limits: KeyLimits },
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
    /// Whether a browser sent the credential by itself, so that the request may be somebody else's idea.
    #[must_use]
    pub const fn from_cookie(&self) -> bool {
        matches!(self.credential, Credential::Token { from_cookie: true, .. })
    }

    /// When what the caller showed is good no longer, if ever.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match &self.credential {
            Credential::Token { expires_at, .. } => Some(*expires_at),
            Credential::ApiKey { limits, .. } => limits.expires_at,
        }
    }

    /// Goes on only for admins, and for keys that write.
    ///
    /// # Errors
    /// [`ForbiddenScope`] for everyone else.
    pub fn require_writing(&self) -> Result<(), ForbiddenScope> {
        let writes = match &self.credential {
            Credential::Token { .. } => self.role >= Role::Admin,
            Credential::ApiKey { limits, .. } => limits.scope >= Scope::Write,
        };
        if writes { Ok(()) } else { Err(ForbiddenScope) }
    }

    /// The person and the session; a key has neither.
    #[must_use]
    pub const fn person(&self) -> Option<(Uuid, Uuid)> {
        match self.credential {
            Credential::Token { user_id, session_id, .. } => Some((user_id, session_id)),
            Credential::ApiKey { .. } => None,
        }
    }

    /// Whether what is taken away from `whose` is taken away from this caller.
    #[must_use]
    pub fn is_of(&self, whose: Whose) -> bool {
        match (whose, &self.credential) {
            (Whose::Organization(organization), _) => organization == self.organization_id,
            (Whose::Session(session), Credential::Token { session_id, .. }) => session == *session_id,
            (Whose::User(user), Credential::Token { user_id, .. }) => user == *user_id,
            (Whose::ApiKey(key), Credential::ApiKey { key_id, .. }) => key == *key_id,
            _ => false,
        }
    }

    /// Goes on only for `role` or higher.
    ///
    /// # Errors
    /// [`Forbidden`] for everyone else.
    pub fn require(&self, role: Role) -> Result<(), Forbidden> {
        if self.role >= role { Ok(()) } else { Err(Forbidden(role)) }
    }
}

impl Role {
    const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// The name used by the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}
