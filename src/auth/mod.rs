//! Who may do what: passwords, tokens, keys, principals.

mod accounts;
mod api_key;
mod authenticate;
mod device;
mod error;
mod founding;
mod fresh_login;
mod jwt;
mod limits;
mod links;
mod oidc;
mod password;
mod passwords;
mod people;
mod principal;
mod pruning;
mod signup;
mod standing;
mod token;
mod totp;
mod whose;
mod ws_tickets;

pub use accounts::{ACCESS_LIFETIME, REFRESH_LIFETIME};
pub use accounts::{Accounts, AuthSettings, Me, Profile, Session, Tokens};
pub use api_key::IssuedApiKey;
pub use authenticate::{AuthenticateError, Presented};
pub use device::{DEVICE_LIFETIME, DeviceId, Devices};
pub use error::AccountError;
pub use founding::Founding;
pub use jwt::tokens_outlive;
pub use limits::{AskedLimits, KeyLimits, Scope, UnknownScope};
pub use oidc::{Aim, Begun, Completed, FLOW_LIFETIME, OidcError, Returned};
pub use people::Acceptance;
pub use principal::{Credential, Forbidden, ForbiddenScope, Principal, Role, UnknownRole};
pub use pruning::prune_now_and_then;
pub use signup::{Signup, bounded_email, bounded_secret, normalised_email};
pub use standing::Whose;
pub use totp::{Enrolment, TotpStatus};
pub use ws_tickets::{WsTicketError, WsTickets};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
