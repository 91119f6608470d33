//! Why somebody could not sign in with a provider.

use super::http::RequestError;
use super::id_token::IdTokenError;
use crate::auth::AccountError;
use crate::storage::StorageError;

/// The sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error("no such sign-in provider")]
    UnknownProvider,
    /// Nothing that this browser began, or too long ago.
    #[error("this sign-in was not begun in this browser, or too long ago: start again")]
    NotBegun,
    /// Where to go afterwards is not on this server.
    #[error("must be a path of this server, such as /databases")]
    ReturnTo,
    /// The provider sent the person back with this code.
    #[error("the provider refused the sign-in: {0}")]
    Refused(String),
    /// Used before, too old, or somebody else's.
    #[error("the provider did not accept the code of this sign-in: start again")]
    CodeRefused,
    /// What it says of the person cannot be believed.
    #[error("the provider's answer is not valid: {0}")]
    Token(#[from] IdTokenError),
    #[error(
        "the provider does not say that the e-mail address is proved: sign in otherwise and link the provider then"
    )]
    EmailUnproved,
    #[error("people with an e-mail address of this domain may not sign in here")]
    DomainNotAllowed,
    /// There is an account with this address, which nobody proved to be their own.
    #[error(
        "there is an account with this e-mail address: log in with its password and link the provider then"
    )]
    LinkRequired,
    /// The invitation says whom it is for.
    #[error("this invitation was sent to another e-mail address than the provider knows you by")]
    InvitationForAnother,
    /// Somebody else signs in with it.
    #[error("this identity belongs to another account")]
    IdentityTaken,
    /// A key cannot sign in.
    #[error("only a person can be linked to a provider: log in instead of using a key")]
    NotAPerson,
    /// `auth.oidc.NAME.organization` names none.
    #[error("the organization that newcomers join does not exist: ask the administrator of this server")]
    NoOrganization,
    #[error("too many people are signing in at once")]
    Busy,
    /// The provider is away or wrongly set up. For the log.
    #[error("{0}")]
    Provider(String),
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<RequestError> for OidcError {
    fn from(error: RequestError) -> Self {
        Self::Provider(error.to_string())
    }
}

impl From<StorageError> for OidcError {
    fn from(error: StorageError) -> Self {
        Self::Account(error.into())
    }
}
