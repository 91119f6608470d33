//! Why a sign-in with a provider was refused.

use super::http::RequestError;
use super::id_token::IdTokenError;
use crate::auth::AccountError;
use crate::storage::StorageError;

/// The sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error("no such sign-in provider")]
    UnknownProvider,
    /// The browser has no flow cookie that matches the answer, or it has expired.
    #[error("this sign-in was not started in this browser, or has expired: start again")]
    UnknownFlow,
    /// `return_to` is not a path of this server.
    #[error("must be a path of this server, such as /databases")]
    ReturnTo,
    /// The provider sent the person back with this code.
    #[error("the provider refused the sign-in: {0}")]
    Refused(String),
    /// The code was used before, has expired, or is of another sign-in.
    #[error("the provider did not accept the code of this sign-in: start again")]
    CodeRefused,
    /// Its token or its answer is not valid.
    #[error("the provider's answer is not valid: {0}")]
    Token(#[from] IdTokenError),
    #[error(
        "the provider does not confirm that the e-mail address is verified: sign in with your password and link the provider"
    )]
    EmailUnproved,
    #[error("people with an e-mail address of this domain may not sign in here")]
    DomainNotAllowed,
    /// There is an account with this address that is not linked to the provider.
    #[error(
        "there is an account with this e-mail address: log in with its password and link the provider then"
    )]
    LinkRequired,
    /// The invitation is for another address.
    #[error("this invitation was sent to another e-mail address than the provider knows you by")]
    InvitationForAnother,
    /// The identity is linked to another account.
    #[error("this identity belongs to another account")]
    IdentityTaken,
    /// An API key cannot be linked.
    #[error("only a person can be linked to a provider: log in instead of using a key")]
    NotAPerson,
    /// `auth.oidc.NAME.organization` does not exist.
    #[error("the organization that newcomers join does not exist: ask the administrator of this server")]
    NoOrganization,
    #[error("too many people are signing in at once")]
    Busy,
    /// The provider is unreachable or misconfigured. For the log.
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
