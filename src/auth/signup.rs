//! Validation of the fields of a signup.

use basira_actors::model::Secret;
use lettre::Address;
use serde::Deserialize;

use super::token::random_hex;
use super::{AccountError, password};
use crate::config::Config;
use crate::fields::{self, FieldError};
use crate::storage::StorageError;
use crate::storage::store::Slugs;

/// The body of a signup.
#[derive(Debug, Deserialize)]
pub struct Signup {
    pub email: String,
    pub password: Secret,
    pub name: String,
    pub org_name: String,
}

/// A signup that may be stored.
#[derive(Debug)]
pub(super) struct CheckedSignup {
    pub email: String,
    pub password: Secret,
    pub name: String,
    pub organization_name: String,
}

impl Signup {
    pub(super) fn check(&self) -> Result<CheckedSignup, FieldError> {
        Ok(CheckedSignup {
            email: acceptable_email(&self.email)?,
            password: password::acceptable("password", self.password.expose())?,
            name: fields::line("name", &self.name, 200)?,
            organization_name: fields::line("org_name", &self.org_name, 200)?,
        })
    }
}

/// The longest address that is accepted in a request, whether it has an account or not.
const EMAIL_CHARACTERS: usize = 254;
/// The longest password, token or code that is accepted in a request; valid ones are much shorter.
const PRESENTED_CHARACTERS: usize = 1_000;

/// Fails when `email` is longer than any address.
///
/// # Errors
/// [`FieldError`] that says how many characters it may have.
pub fn bounded_email(email: &str) -> Result<&str, FieldError> {
    fields::at_most("email", email.trim(), EMAIL_CHARACTERS).map(|()| email)
}

/// Fails when `secret`, presented as `field`, is longer than any valid one.
///
/// # Errors
/// [`FieldError`] that says how many characters it may have.
pub fn bounded_secret<'a>(field: &'static str, secret: &'a Secret) -> Result<&'a Secret, FieldError> {
    fields::at_most(field, secret.expose(), PRESENTED_CHARACTERS).map(|()| secret)
}

/// `email` as it is stored, if it is an address.
pub(super) fn acceptable_email(email: &str) -> Result<String, FieldError> {
    let email = normalised_email(bounded_email(email)?);
    let acceptable = email.len() <= EMAIL_CHARACTERS && email.parse::<Address>().is_ok();
    if acceptable { Ok(email) } else { Err(FieldError::new("email", "must be an e-mail address")) }
}

/// Addresses are compared without regard to case.
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The plan of a new organization.
pub(super) const PLAN: &str = "free";

/// Converts the error of inserting a new account: a conflict on the e-mail address becomes
/// [`AccountError::EmailTaken`].
pub(super) fn email_taken(error: StorageError) -> AccountError {
    match error {
        StorageError::Conflict(what) if what.contains("email") => AccountError::EmailTaken,
        error => error.into(),
    }
}

/// Slugs for an organization created by signup. Those that `config` names as the organization that new users of a
/// sign-in provider join are reserved, so that these users cannot join the organization of a stranger.
pub(super) fn slugs_at_signup(name: &str, config: &Config) -> Slugs {
    let joined = config.auth.oidc.values().filter_map(|provider| provider.organization.clone());
    Slugs { wanted: slugs(name), reserved: joined.collect() }
}

/// Slugs for an organization created by the operator.
pub(super) fn slugs_of_operator(name: &str) -> Slugs {
    Slugs { wanted: slugs(name), reserved: Vec::new() }
}

/// Slugs for an organization with this name, best first; the last is certainly free.
fn slugs(name: &str) -> Vec<String> {
    let words = name.split(|email: char| !email.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut stem = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    stem.truncate(48);
    let stem = if stem.is_empty() { "org" } else { stem.trim_end_matches('-') };
    let numbered = (2..10).map(|number| format!("{stem}-{number}"));
    let random = format!("{stem}-{}", random_hex::<8>());
    std::iter::once(stem.to_owned()).chain(numbered).chain([random]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signup(email: &str) -> Signup {
        Signup {
            email: email.to_owned(),
            password: Secret::new("long enough"),
            name: "Ada".to_owned(),
            org_name: "Acme".to_owned(),
        }
    }

    #[test]
    fn wants_an_address() {
        assert_eq!(signup(" Ada@Example.ORG ").check().unwrap().email, "ada@example.org");
        for bad in
            ["", "ada", "ada@", "@example.org", "a b@example.org", "a\0@x.org", "a@x.org\r\nBcc: b@x.org"]
        {
            assert_eq!(signup(bad).check().unwrap_err().field, "email", "{bad:?}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        assert_eq!(signup(&long).check().unwrap_err().field, "email");
    }

    #[test]
    fn names_the_bad_field() {
        let field = |signup: Signup| signup.check().unwrap_err().field;
        assert_eq!(field(Signup { password: Secret::new("short"), ..signup("a@x.org") }), "password");
        assert_eq!(field(Signup { name: " ".to_owned(), ..signup("a@x.org") }), "name");
        assert_eq!(field(Signup { org_name: "\0".to_owned(), ..signup("a@x.org") }), "org_name");
    }

    #[test]
    fn makes_slugs_of_any_name() {
        for (name, slug) in [
            ("Acme, Inc.", "acme-inc"),
            ("  --A--  ", "a"),
            ("Ünïcode", "n-code"),
            ("数据库", "org"),
            (&"x".repeat(60), &"x".repeat(48)),
        ] {
            assert_eq!(slugs(name)[0], slug, "{name}");
        }
        assert_eq!(slugs("Acme")[1], "acme-2");
        assert_ne!(slugs("Acme").last(), slugs("Acme").last());
    }
}
