//! What the rooms below refuse, as the API says it.

use std::time::Duration;

use basira_actors::supervisor::Unavailable;

use super::ApiError;
use crate::auth::{AccountError, AuthenticateError, Forbidden, ForbiddenScope, OidcError, WsTicketError};
use crate::databases::{DatabaseError, DeleteDatabaseError};
use crate::fields::FieldError;
use crate::limits::{HashingQueueFull, RateLimited};
use crate::reload::ReloadError;
use crate::samples::StoreError;
use crate::storage::StorageError;
use crate::storage::store::{DeleteOrganizationError, RegisterError};

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Missing => Self::unauthenticated("unauthenticated", error.to_string()),
            AuthenticateError::Refused => Self::unauthenticated("bad_credentials", error.to_string()),
            AuthenticateError::Expired => Self::unauthenticated("key_expired", error.to_string()),
            AuthenticateError::AddressNotAllowed => Self::forbidden("address_not_allowed", error.to_string()),
            AuthenticateError::Storage(error) => error.into(),
        }
    }
}

impl From<Forbidden> for ApiError {
    fn from(error: Forbidden) -> Self {
        Self::forbidden("role_required", error.to_string())
    }
}

impl From<ForbiddenScope> for ApiError {
    fn from(error: ForbiddenScope) -> Self {
        Self::forbidden("role_required", error.to_string())
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::field(error.field, error.message)
    }
}

impl From<RateLimited> for ApiError {
    fn from(RateLimited { retry_after }: RateLimited) -> Self {
        Self::TooManyRequests { retry_after }
    }
}

impl From<HashingQueueFull> for ApiError {
    fn from(error: HashingQueueFull) -> Self {
        Self::unavailable(error.to_string(), HashingQueueFull::RETRY_AFTER)
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        match error {
            AccountError::Invalid(error) => error.into(),
            AccountError::SignupClosed => Self::forbidden("signup_closed", message),
            AccountError::EmailTaken => Self::conflict("email_taken", "email", message),
            AccountError::BadCredentials => Self::unauthenticated("bad_credentials", message),
            AccountError::CodeRequired => Self::unauthenticated("totp_required", message),
            AccountError::BadCode => Self::unauthenticated("bad_totp_code", message),
            AccountError::TotpEnabled => Self::conflict_of_state("totp_enabled", message),
            AccountError::TotpNotEnrolled => Self::conflict_of_state("totp_not_enrolled", message),
            AccountError::BadRefreshToken => Self::unauthenticated("bad_refresh_token", message),
            AccountError::BadEmailToken => Self::invalid("bad_email_token", message),
            AccountError::RestrictedKey => Self::forbidden("confined_key", message),
            AccountError::NotAPerson => Self::forbidden("person_required", message),
            AccountError::FreshLoginRequired => Self::forbidden("fresh_login_required", message),
            AccountError::NoSuchMember => Self::not_found("member"),
            AccountError::LastOwner => {
                Self::Conflict { code: "last_owner", field: None, message: message.into() }
            }
            AccountError::LastInstanceAdmin => Self::conflict_of_state("last_instance_admin", message),
            AccountError::VerificationRequired => Self::forbidden("verification_required", message),
            AccountError::TooManyInvitations => {
                Self::Conflict { code: "too_many_invitations", field: None, message: message.into() }
            }
            AccountError::Gone => Self::unauthenticated("account_gone", message),
            AccountError::Storage(error) => error.into(),
            AccountError::Internal(_) => Self::internal(error),
        }
    }
}

impl From<WsTicketError> for ApiError {
    fn from(error: WsTicketError) -> Self {
        match error {
            WsTicketError::TooMany => Self::unavailable(error.to_string(), Duration::from_secs(5)),
            WsTicketError::Quota(exceeded) => exceeded.into(),
        }
    }
}

impl From<ReloadError> for ApiError {
    fn from(error: ReloadError) -> Self {
        match error {
            ReloadError::Config(_) => Self::invalid("bad_configuration", error.to_string()),
            ReloadError::Storage(error) => error.into(),
        }
    }
}

impl From<OidcError> for ApiError {
    fn from(error: OidcError) -> Self {
        let message = error.to_string();
        match error {
            OidcError::UnknownProvider => Self::not_found("sign-in provider"),
            OidcError::UnknownFlow => Self::invalid("sign_in_not_begun", message),
            OidcError::ReturnTo => Self::field("return_to", message),
            OidcError::CodeRefused => Self::invalid("sign_in_code_refused", message),
            OidcError::Refused(_) => Self::forbidden("sign_in_refused", message),
            OidcError::Token(_) => Self::unauthenticated("sign_in_not_valid", message),
            OidcError::EmailUnproved => Self::forbidden("email_unproved", message),
            OidcError::InvitationForAnother => Self::forbidden("invitation_for_another", message),
            OidcError::DomainNotAllowed => Self::forbidden("domain_not_allowed", message),
            OidcError::NotAPerson => Self::forbidden("not_a_person", message),
            OidcError::NoOrganization => Self::forbidden("organization_missing", message),
            OidcError::LinkRequired => Self::conflict("link_required", "email", message),
            OidcError::IdentityTaken => Self::conflict("identity_taken", "identity", message),
            OidcError::Busy => Self::unavailable(message, Duration::from_secs(10)),
            OidcError::Provider(reason) => {
                tracing::error!(reason, "a sign-in provider cannot be used");
                Self::unavailable("the sign-in provider cannot be used now", Duration::from_secs(10))
            }
            OidcError::Account(error) => error.into(),
        }
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Invalid(error) => error.into(),
            DatabaseError::Refused(error) => error.into(),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::VerificationRequired => {
                Self::forbidden("verification_required", error.to_string())
            }
            RegisterError::PasswordRequired => Self::Invalid {
                code: "password_required",
                field: Some("password".into()),
                message: error.to_string().into(),
            },
            RegisterError::NameTaken => Self::conflict("name_taken", "name", error.to_string()),
            RegisterError::Storage(error) => error.into(),
        }
    }
}

impl From<DeleteDatabaseError> for ApiError {
    fn from(error: DeleteDatabaseError) -> Self {
        match error {
            DeleteDatabaseError::Storage(error) => error.into(),
            DeleteDatabaseError::Samples(error) => error.into(),
        }
    }
}

impl From<DeleteOrganizationError> for ApiError {
    fn from(error: DeleteOrganizationError) -> Self {
        match error {
            DeleteOrganizationError::Unknown => Self::not_found("organization"),
            DeleteOrganizationError::LastInstanceAdmin => {
                Self::conflict_of_state("last_instance_admin", error.to_string())
            }
            DeleteOrganizationError::Storage(error) => error.into(),
        }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) => Self::storage(error),
            StorageError::Quota(exceeded) => exceeded.into(),
            _ => Self::internal(error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => StorageError::from(error).into(),
            StoreError::Closed | StoreError::ClickHouse(_) => Self::storage(error),
            StoreError::Decoding(_) | StoreError::Encoding(_) => Self::internal(error),
        }
    }
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error.to_string(), Duration::from_secs(1))
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
