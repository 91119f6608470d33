//! Why a request was refused: one that is not authenticated, or one about an account.

use super::password::HashError;
use crate::fields::FieldError;
use crate::limits::HashingQueueFull;
use crate::storage::StorageError;

/// The request is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    #[error("authentication is required: send X-API-Key or Authorization: Bearer")]
    Missing,
    #[error("the credentials are not valid: log in again or use another key")]
    Refused,
    #[error("the api key has expired: use another")]
    Expired,
    #[error("the api key may not be used from this address")]
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
    /// `auth.signup` does not let anyone in.
    #[error("signup is closed on this server: ask its administrator for an account")]
    SignupClosed,
    /// The address has an account.
    #[error("this e-mail address has an account already: log in instead")]
    EmailTaken,
    /// The e-mail address is unknown or the password wrong; never says which.
    #[error("the e-mail address or the password is wrong")]
    BadCredentials,
    /// The password was right, and is not enough.
    #[error("a code of the second factor is needed too: send it as code")]
    CodeRequired,
    /// Not of this moment, used before, or not a recovery code that is left.
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
    #[error("the link is not valid any more: ask for a new one")]
    BadEmailToken,
    /// A key that ends, or is bound to a place, cannot make one that is not.
    #[error("a key that expires or is bound to addresses cannot issue keys: log in, or use another key")]
    RestrictedKey,
    /// A key came where a person must.
    #[error("this is for people: log in instead of sending an API key")]
    NotAPerson,
    /// The login was a while ago, and who changes how one signs in must be who logged in.
    #[error("log in again, or send your password along: this changes how you sign in")]
    FreshLoginRequired,
    /// The account of an access token is gone.
    #[error("the account does not exist any more")]
    Gone,
    /// The organization has no such person.
    #[error("no such member")]
    NoSuchMember,
    /// Nobody would be left to manage people.
    #[error("this is the last owner: make somebody else an owner first, or delete the organization")]
    LastOwner,
    /// Nobody would be left to run the instance.
    #[error("this is the last instance admin: make somebody else one first")]
    LastInstanceAdmin,
    /// Nobody of the organization has proved an address, and it wants to write to strangers.
    #[error("verify your e-mail address to invite people")]
    VerificationRequired,
    /// Too many wait to be accepted.
    #[error("too many invitations wait to be accepted: take some back first")]
    TooManyInvitations,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    HashingQueueFull(#[from] HashingQueueFull),
    /// The storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing that the caller could change.
    #[error("{0}")]
    Internal(String),
}

impl AccountError {
    /// Whether somebody tried a secret that was not the right one.
    #[must_use]
    pub const fn is_a_wrong_guess(&self) -> bool {
        matches!(self, Self::BadCredentials | Self::BadCode)
    }
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::HashingQueueFull(crowded) => crowded.into(),
            error => Self::Internal(error.to_string()),
        }
    }
}
