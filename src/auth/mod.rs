//! Who may do what: passwords, tokens, keys, principals.

mod principal;

pub use principal::{Credential, Principal, Role};
