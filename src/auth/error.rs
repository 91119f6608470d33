//! Why a request was refused: one that is not authenticated, or one about an account.

use super::password::HashError;
use crate::fields::FieldError;
use crate::storage::StorageError;

/// The request is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    #[error("authentication is required: send X-API-Key or Authorization: Bearer")]
    Missing,
    #[error("the credentials are not valid: log in again or use another key")]
    Refused,
    #[error("the API key has expired: use another")]
    Expired,
    #[error("the API key may not be used from this address")]
    AddressNotAllowed,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The request about an account was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A field is not acceptable.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// `auth.signup` is not `open`.
    #[error("signup is closed on this server: ask its administrator for an account")]
    SignupClosed,
    /// The address has an account.
    #[error("this e-mail address has an account already: log in instead")]
    EmailTaken,
    /// The e-mail address is unknown or the password wrong; never says which.
    #[error("the e-mail address or the password is wrong")]
    BadCredentials,
    /// The password is right, but the account has a second factor.
    #[error("a code of the second factor is needed too: send it as code")]
    CodeRequired,
    /// Not of this time, used before, or not an unused recovery code.
    #[error("the code is wrong, or was used already: wait for the next")]
    BadCode,
    /// There is a second factor.
    #[error("the second factor is on already: turn it off first")]
    TotpEnabled,
    /// There is none, or none to confirm.
    #[error("there is no second factor: enrol one first")]
    TotpNotEnrolled,
    /// Unknown, expired, revoked or used before.
    #[error("the refresh token is not valid: log in again")]
    BadRefreshToken,
    /// Unknown, expired or used before.
    #[error("the link is no longer valid: request a new one")]
    BadEmailToken,
    /// A key that ends, or is bound to a place, cannot make one that is not.
    #[error("a key that expires or is bound to addresses cannot issue keys: log in, or use another key")]
    RestrictedKey,
    /// An API key was sent where a user must log in.
    #[error("this is for users: log in instead of sending an API key")]
    NotAPerson,
    /// Changing how a user signs in requires a recent login or the password.
    #[error("log in again, or send your password along: this changes how you sign in")]
    FreshLoginRequired,
    /// The account of an access token is gone.
    #[error("the account no longer exists")]
    Gone,
    /// The organization has no such person.
    #[error("no such member")]
    NoSuchMember,
    /// The organization would have no owner.
    #[error("this is the last owner: make another member an owner first, or delete the organization")]
    LastOwner,
    /// The instance would have no admin.
    #[error("this is the last instance admin: make another user one first")]
    LastInstanceAdmin,
    /// No member of the organization has verified an address.
    #[error("verify your e-mail address to invite people")]
    VerificationRequired,
    /// Too many invitations are pending.
    #[error("too many invitations are pending: revoke some first")]
    TooManyInvitations,
    /// The storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A bug, or an inconsistent storage.
    #[error("{0}")]
    Internal(String),
}

impl AccountError {
    /// Whether a wrong secret was presented.
    #[must_use]
    pub const fn is_a_wrong_guess(&self) -> bool {
        matches!(self, Self::BadCredentials | Self::BadCode)
    }
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> Self {
        Self::Internal(error.to_string())
    }
}
