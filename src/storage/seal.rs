//! Encryption of credentials at rest: ChaCha20-Poly1305 under a key that is kept outside the store.

use std::fmt;

use basira_actors::model::{DatabaseId, Secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};

/// The layout of a sealed blob: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// Seals and unseals the passwords of databases.
#[derive(Clone)]
pub(crate) struct Sealer(ChaCha20Poly1305);

/// The blob was sealed with another key, for another database, or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored password cannot be decrypted with the current auth.encryption_key")]
pub(crate) struct Unreadable;

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(ChaCha20Poly1305::new(Key::from_slice(key)))
    }

    /// The id goes into the seal, so that a blob copied to another row stays shut.
    pub(crate) fn seal(&self, id: DatabaseId, secret: &Secret) -> Result<Vec<u8>, Unreadable> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: id.0.as_bytes() };
        let ciphertext = self.0.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| Unreadable)?;
        Ok([&[VERSION], nonce.as_slice(), &ciphertext].concat())
    }

    pub(crate) fn unseal(&self, id: DatabaseId, blob: &[u8]) -> Result<Secret, Unreadable> {
        let (nonce, ciphertext) = blob
            .strip_prefix(&[VERSION])
            .and_then(|sealed| sealed.split_at_checked(NONCE_BYTES))
            .ok_or(Unreadable)?;
        let payload = Payload { msg: ciphertext, aad: id.0.as_bytes() };
        let plain = self.0.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| Unreadable)?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| Unreadable)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealer = Sealer::new(&[7; 32]);
        let (id, other) = (DatabaseId::generate(), DatabaseId::generate());
        let secret = Secret::new("p4ss wörd");
        let blob = sealer.seal(id, &secret).unwrap();

        assert_eq!(sealer.unseal(id, &blob).unwrap(), secret);
        assert!(sealer.unseal(other, &blob).is_err());
        assert!(Sealer::new(&[8; 32]).unseal(id, &blob).is_err());
        for place in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[place] ^= 1;
            assert!(sealer.unseal(id, &damaged).is_err(), "byte {place}");
            assert!(sealer.unseal(id, &blob[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn never_seals_twice_alike() {
        let sealer = Sealer::new(&[7; 32]);
        let id = DatabaseId::generate();
        let secret = Secret::new("again");
        assert_ne!(sealer.seal(id, &secret).unwrap(), sealer.seal(id, &secret).unwrap());
    }
}
