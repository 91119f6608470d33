//! Who is asking.

use basira_actors::model::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    Token { user_id: Uuid, expires_at: Timestamp, from_cookie: bool },
    /// An API key.
    ApiKey { key_id: Uuid },
}

impl Principal {
    /// Whether a browser sent the credential by itself, so that the request may be somebody else's idea.
    #[must_use]
    pub const fn from_cookie(&self) -> bool {
        matches!(self.credential, Credential::Token { from_cookie: true, .. })
    }
}
