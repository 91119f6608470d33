//! Who may do what: passwords, tokens, keys, principals.

mod accounts;
mod api_key;
mod authenticate;
mod error;
mod jwt;
mod mail;
mod password;
mod principal;
mod signup;
mod token;

pub use accounts::{ACCESS_LIFETIME, REFRESH_LIFETIME};
pub use accounts::{Accounts, AuthSettings, Me, Profile, Session, SignupPolicy, Tokens};
pub use api_key::IssuedApiKey;
pub use authenticate::{ACCESS_COOKIE, AuthenticateError, Presented};
pub use error::AccountError;
pub use mail::{MailError, Mailer};
pub use principal::{Credential, Forbidden, Principal, Role, UnknownRole};
pub use signup::Signup;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
