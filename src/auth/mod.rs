//! Who may do what: passwords, tokens, keys, principals.

mod accounts;
mod api_key;
mod authenticate;
mod device;
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
pub use device::{DEVICE_COOKIE, DEVICE_LIFETIME, DeviceId, Devices};
pub use error::AccountError;
pub use mail::{MailError, Mailer};
pub use principal::{Credential, Forbidden, Principal, Role, UnknownRole};
pub use signup::{Signup, normalised_email};

#[cfg(test)]
mod tests;
