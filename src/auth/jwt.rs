//! Access tokens: JWT, HS256, with the key's id in the header so that keys can rotate.

use std::fmt;
use std::time::Duration;

use basira_actors::model::{OrganizationId, Secret, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Role;
use crate::config::{RetiredSecret, SecretRing};

/// How long an access token is valid.
pub const ACCESS_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The person.
    pub sub: Uuid,
    /// The session: the family of its refresh tokens.
    pub sid: Uuid,
    pub org: OrganizationId,
    pub role: Role,
    /// Seconds since the Unix epoch, as are all times in a JWT.
    pub iat: i64,
    pub exp: i64,
}

/// How much the clocks of servers on one storage may differ.
const LEEWAY: Duration = Duration::from_secs(60);

/// Signs with the current key, and verifies with the previous ones until their tokens have expired.
pub(super) struct Keyring(SecretRing);

struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The token is malformed, forged, of an unknown key or expired.
#[derive(Debug, thiserror::Error)]
#[error("the access token is not valid")]
pub(super) struct InvalidToken;

impl Claims {
    pub(super) fn new(
        user_id: Uuid,
        session_id: Uuid,
        organization: OrganizationId,
        role: Role,
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        let (iat, exp) = (now.as_millis() / 1_000, (now + lifetime).as_millis() / 1_000);
        Self { sub: user_id, sid: session_id, org: organization, role, iat, exp }
    }

    pub(super) const fn expires_at(&self) -> Timestamp {
        Timestamp(self.exp.saturating_mul(1_000))
    }
}

impl Keyring {
    pub(super) const fn new(secrets: SecretRing) -> Self {
        Self(secrets)
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<Secret, InvalidToken> {
        let current = Key::new(&self.0.now().current);
        let header = Header { kid: Some(current.id), ..Header::new(Algorithm::HS256) };
        encode(&header, claims, &current.encoding).map(Secret::new).map_err(|_| InvalidToken)
    }

    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        let kid = decode_header(token).map_err(|_| InvalidToken)?.kid.ok_or(InvalidToken)?;
        let secrets = self.0.now();
        let previous = secrets.previous.iter().filter(|retired| tokens_outlive(retired, now));
        let mut accepted = std::iter::once(&secrets.current).chain(previous.map(|retired| &retired.secret));
        let key = accepted.find_map(|secret| Some(Key::new(secret)).filter(|key| key.id == kid));
        let key = key.ok_or(InvalidToken)?;
        let mut validation = Validation::new(Algorithm::HS256);
        // checked below, by our clock and without leeway
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &key.decoding, &validation).map_err(|_| InvalidToken)?.claims;
        if claims.expires_at() > now { Ok(claims) } else { Err(InvalidToken) }
    }
}

/// Whether a token signed with a replaced secret can still be valid at `now`. After that the secret is not accepted, as a
/// stolen one could sign any expiry.
#[must_use]
pub fn tokens_outlive(retired: &RetiredSecret, now: Timestamp) -> bool {
    retired.since.is_none_or(|since| now < since + ACCESS_LIFETIME + LEEWAY)
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let secret = secret.expose().as_bytes();
        let id = Sha256::new().chain_update("basira key id").chain_update(secret).finalize();
        Self {
            id: hex::encode(&id[..8]),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LIFETIME: Duration = Duration::from_secs(900);

    fn keyring(current: &str, previous: Option<&str>) -> Keyring {
        Keyring::new(SecretRing::fixed(Secret::new(current), previous.map(Secret::new)))
    }

    fn claims() -> Claims {
        Claims::new(Uuid::now_v7(), Uuid::now_v7(), OrganizationId::generate(), Role::Member, NOW, LIFETIME)
    }

    #[test]
    fn verifies_its_own_until_they_expire() {
        let keyring = keyring("k1", None);
        let claims = claims();
        let token = keyring.sign(&claims).unwrap();
        assert_eq!(keyring.verify(token.expose(), NOW).unwrap(), claims);
        assert!(keyring.verify(token.expose(), NOW + LIFETIME - Duration::from_secs(1)).is_ok());
        assert!(keyring.verify(token.expose(), NOW + LIFETIME).is_err());
    }

    #[test]
    fn an_older_key_verifies_but_a_foreign_one_does_not() {
        let token = keyring("old", None).sign(&claims()).unwrap();
        assert!(keyring("new", Some("old")).verify(token.expose(), NOW).is_ok());
        assert!(keyring("new", None).verify(token.expose(), NOW).is_err());
    }

    #[test]
    fn a_key_that_was_replaced_ends_with_its_tokens() {
        let retired = |since| RetiredSecret { secret: Secret::new("old"), since };
        let replaced = retired(Some(NOW));
        assert!(tokens_outlive(&replaced, NOW + ACCESS_LIFETIME));
        assert!(!tokens_outlive(&replaced, NOW + ACCESS_LIFETIME + LEEWAY));
        assert!(tokens_outlive(&retired(None), NOW + ACCESS_LIFETIME * 100));
    }

    #[test]
    fn refuses_forgeries() {
        let keyring = keyring("k1", None);
        let token = keyring.sign(&claims()).unwrap();
        let mut parts = token.expose().split('.');
        let (header, payload, signature) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let kid = &Key::new(&Secret::new("k1")).id;
        let encoded = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let promoted = encoded(&serde_json::to_string(&Claims { role: Role::Owner, ..claims() }).unwrap());
        let unsigned = encoded(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#));
        for forged in [
            format!("{header}.{promoted}.{signature}"),
            format!("{unsigned}.{promoted}."),
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
            String::new(),
        ] {
            assert!(keyring.verify(&forged, NOW).is_err(), "{forged}");
        }
    }
}
