//! Accounts and access: passwords, sessions, tokens, API keys, members and sign-in providers.

mod access_cache;
mod accounts;
mod api_key;
mod authenticate;
mod cleanup;
mod device;
mod error;
mod fresh_login;
mod invitations;
mod jwt;
mod key_restrictions;
mod links;
mod login_links;
mod members;
mod oidc;
mod operator;
mod password;
mod password_change;
mod principal;
mod signup;
mod token;
mod totp;
mod ws_tickets;

pub use access_cache::AccessSubject;
pub use accounts::{Accounts, AuthSettings, Me, Profile, REFRESH_LIFETIME, Session, Tokens};
pub use api_key::IssuedApiKey;
pub use authenticate::RequestCredentials;
pub use cleanup::run_cleanup;
pub use device::{DEVICE_LIFETIME, DeviceId, Devices};
pub use error::{AccountError, AuthenticateError};
pub use invitations::AcceptInvitation;
pub use jwt::{ACCESS_LIFETIME, tokens_outlive};
pub use key_restrictions::{KeyRestrictions, RequestedRestrictions, Scope, UnknownScope};
pub use login_links::LOGIN_LINK_LIFETIME;
pub use oidc::{
    AuthorizationRedirect, CompletedSignIn, FLOW_LIFETIME, LinkAuthorization, OidcCallback, OidcError,
    OidcIntent,
};
pub use operator::NewOrganization;
pub use principal::{Credential, Forbidden, ForbiddenScope, Principal, Role, UnknownRole};
pub use signup::{Signup, bounded_email, bounded_secret, normalised_email};
pub use totp::{Enrolment, TotpStatus};
pub use ws_tickets::{WsTicketError, WsTickets};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
