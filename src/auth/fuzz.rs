//! Arbitrary input presented as a credential is never accepted.

use basira_actors::model::{Secret, Timestamp};
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use uuid::Uuid;

use super::jwt::{Claims, Keyring};
use super::{ACCESS_LIFETIME, Role};
use crate::config::SecretRing;
use basira_test_support::{fuzz, text};

const PIECES: &[&str] = &[
    ".",
    "..",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJub25lIn0",
    "e30",
    "=",
    "-",
    "_",
    "dbm_ak_",
    "Bearer ",
    "bearer",
    "{}",
    "\0",
];

#[test]
fn any_text_is_no_token() {
    let ring = Keyring::new(SecretRing::fixed(Secret::new("secret"), None));
    fuzz(text(PIECES, 10), |token| assert!(ring.verify(&token, Timestamp::now()).is_err(), "{token}"));
}

#[test]
fn a_token_that_was_touched_is_refused() {
    let ring = Keyring::new(SecretRing::fixed(Secret::new("secret"), Some(Secret::new("older"))));
    let now = Timestamp::now();
    let organization = basira_actors::model::OrganizationId::generate();
    let claims =
        Claims::new(Uuid::now_v7(), Uuid::now_v7(), organization, Role::Viewer, now, ACCESS_LIFETIME);
    let token = ring.sign(&claims).expect("a token").expose().to_owned();
    assert!(ring.verify(&token, now).is_ok());
    let email =
        any::<u8>().prop_map(char::from).prop_filter("one that can stand there", char::is_ascii_alphanumeric);
    // the last letter of a signature carries bits that mean nothing
    fuzz((any::<Index>(), email), |(at, email)| {
        let at = at.index(token.len() - 1);
        let mut touched = token.clone();
        touched.replace_range(at..=at, &email.to_string());
        assert!(touched == token || ring.verify(&touched, now).is_err(), "{touched}");
    });
}
