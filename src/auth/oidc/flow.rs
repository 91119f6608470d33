//! The state of a sign-in in progress, which its browser keeps encrypted until the provider sends it back.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use basira_actors::model::{OrganizationId, Secret, Timestamp};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::token;

const NONCE_BYTES: usize = 12;

/// How long a sign-in at the provider may take.
pub const FLOW_LIFETIME: Duration = Duration::from_secs(600);

/// The purpose of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// To log in, as the user of the identity.
    SignIn,
    /// To link the provider to the account of this session.
    Link { organization: OrganizationId, user_id: Uuid, session_id: Uuid },
    /// To accept the invitation whose token has this hash.
    Accept { token_hash: String },
}

/// The state of one sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) provider: String,
    /// The provider returns it in the redirect, which protects against forged redirects.
    #[serde(serialize_with = "exposed")]
    pub(super) state: Secret,
    /// The provider returns it in the ID token, which protects against tokens of other sign-ins.
    pub(super) nonce: String,
    /// The code verifier of PKCE.
    #[serde(serialize_with = "exposed")]
    pub(super) verifier: Secret,
    /// A path of this server.
    pub(super) return_to: String,
    pub(super) purpose: Purpose,
    pub(super) expires_at: Timestamp,
}

impl Flow {
    pub(super) fn new(provider: &str, return_to: String, purpose: Purpose, now: Timestamp) -> Self {
        Self {
            provider: provider.to_owned(),
            state: token::generate(),
            nonce: token::random_hex::<32>(),
            verifier: token::generate(),
            return_to,
            purpose,
            expires_at: now + FLOW_LIFETIME,
        }
    }

    /// The code challenge of the verifier.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()))
    }
}

/// A flow is serialised only to be encrypted.
fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Encrypts flows with a key that lives as long as the process.
pub(super) struct CookieCipher(ChaCha20Poly1305);

impl Default for CookieCipher {
    fn default() -> Self {
        Self(ChaCha20Poly1305::new(&Key::from(rand::random::<[u8; 32]>())))
    }
}

impl CookieCipher {
    /// `None` only for a flow of gigabytes.
    pub(super) fn encrypt(&self, flow: &Flow) -> Option<Secret> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let plain = serde_json::to_vec(flow).ok()?;
        let ciphertext = self.0.encrypt(Nonce::from_slice(&nonce), plain.as_slice()).ok()?;
        Some(Secret::new(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat())))
    }

    /// The flow in `text`, if this process encrypted it and it has not expired.
    pub(super) fn decrypt(&self, text: &str, now: Timestamp) -> Option<Flow> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES)?;
        let plain = self.0.decrypt(Nonce::from_slice(nonce), ciphertext).ok()?;
        let flow: Flow = serde_json::from_slice(&plain).ok()?;
        (flow.expires_at > now).then_some(flow)
    }
}

impl fmt::Debug for CookieCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieCipher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_flow_comes_back_whole_and_in_time() {
        let cipher = CookieCipher::default();
        let purpose = Purpose::Link {
            organization: OrganizationId::generate(),
            user_id: Uuid::now_v7(),
            session_id: Uuid::now_v7(),
        };
        let flow = Flow::new("corp", "/x".to_owned(), purpose, NOW);
        let closed = cipher.encrypt(&flow).unwrap();
        assert_eq!(cipher.decrypt(closed.expose(), NOW), Some(flow.clone()));
        assert_eq!(cipher.decrypt(closed.expose(), NOW + FLOW_LIFETIME), None);
        assert_eq!(CookieCipher::default().decrypt(closed.expose(), NOW), None, "another process");
        let mut bytes = URL_SAFE_NO_PAD.decode(closed.expose()).unwrap();
        bytes[20] ^= 1;
        assert_eq!(cipher.decrypt(&URL_SAFE_NO_PAD.encode(bytes), NOW), None);
        for bad in ["", "AAAA", "no base64!"] {
            assert_eq!(cipher.decrypt(bad, NOW), None, "{bad}");
        }
        assert!(closed.expose().len() < 2_000, "it must fit into a cookie: {}", closed.expose().len());
        assert!(!format!("{flow:?}").contains(flow.verifier.expose()));
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let flow = Flow { verifier, ..Flow::new("corp", "/".to_owned(), Purpose::SignIn, NOW) };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
