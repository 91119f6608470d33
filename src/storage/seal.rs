//! Encryption of credentials at rest: ChaCha20-Poly1305 under a key that is kept outside the store.

use std::fmt;

use basira_actors::model::{DatabaseId, Secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use sha2::{Digest, Sha256};

use crate::config::{SecretRing, from_hex};

/// The layout of a sealed blob: this byte, the id of the key, the nonce, the ciphertext with its tag.
const VERSION: u8 = 2;
/// As it was before keys had ids: this byte, the nonce, the ciphertext with its tag.
const WITHOUT_KEY_ID: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// Seals and unseals the passwords of databases, with the keys of the moment.
#[derive(Clone)]
pub(crate) struct Sealer(SecretRing);

/// The blob was sealed with another key, for another database, or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored password cannot be decrypted with the current auth.encryption_key")]
pub(crate) struct Unreadable;

struct Cipher {
    id: [u8; KEY_ID_BYTES],
    cipher: ChaCha20Poly1305,
}

impl Sealer {
    pub(crate) const fn new(keys: SecretRing) -> Self {
        Self(keys)
    }

    /// Encrypts `secret` under the key in use, in a transaction of [`Storage::begin_sealing`]: the key is read after its
    /// lock was taken, so that none is used that a rotation lets go of. The id is authenticated too, so that a blob
    /// copied to another row stays shut.
    ///
    /// [`Storage::begin_sealing`]: super::Storage
    pub(crate) async fn seal(&self, id: DatabaseId, secret: &Secret) -> Result<Vec<u8>, Unreadable> {
        self.0.refresh().await;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: id.0.as_bytes() };
        let Cipher { id, cipher } = Cipher::new(&self.0.now().current).ok_or(Unreadable)?;
        let ciphertext = cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| Unreadable)?;
        Ok([&[VERSION], id.as_slice(), nonce.as_slice(), &ciphertext].concat())
    }

    /// Decrypts what [`Self::seal`] made for `id`. A key that another process put there a moment ago is known too.
    pub(crate) async fn unseal(&self, id: DatabaseId, blob: &[u8]) -> Result<Secret, Unreadable> {
        if let Ok(secret) = self.unseal_with_known_keys(id, blob) {
            return Ok(secret);
        }
        self.0.refresh().await;
        self.unseal_with_known_keys(id, blob)
    }

    fn unseal_with_known_keys(&self, id: DatabaseId, blob: &[u8]) -> Result<Secret, Unreadable> {
        let (version, sealed) = blob.split_first().ok_or(Unreadable)?;
        let (key_id, sealed) = match *version {
            VERSION => sealed.split_at_checked(KEY_ID_BYTES).ok_or(Unreadable)?,
            WITHOUT_KEY_ID => (&[][..], sealed),
            _ => return Err(Unreadable),
        };
        let keys = self.0.now();
        let ciphers = keys.all().filter_map(Cipher::new);
        let mut fitting = ciphers.filter(|cipher| key_id.is_empty() || cipher.id == key_id);
        let plain = fitting.find_map(|Cipher { cipher, .. }| open(&cipher, id, sealed)).ok_or(Unreadable)?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| Unreadable)
    }

    /// Whether the key in use sealed `blob`, so that no other is needed for it.
    pub(crate) fn is_current(&self, blob: &[u8]) -> bool {
        let cipher = Cipher::new(&self.0.now().current);
        let head = cipher.map(|Cipher { id, .. }| [&[VERSION], id.as_slice()].concat());
        head.is_some_and(|head| blob.starts_with(&head))
    }
}

fn open(cipher: &ChaCha20Poly1305, id: DatabaseId, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
    let payload = Payload { msg: ciphertext, aad: id.0.as_bytes() };
    cipher.decrypt(Nonce::from_slice(nonce), payload).ok()
}

impl Cipher {
    fn new(key: &Secret) -> Option<Self> {
        let key = from_hex(key.expose())?;
        let hash = Sha256::new().chain_update("basira encryption key id").chain_update(key).finalize();
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash[..KEY_ID_BYTES]);
        Some(Self { id, cipher: ChaCha20Poly1305::new(Key::from_slice(&key)) })
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

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(SecretRing::from(&[byte; 32]))
    }

    #[tokio::test]
    async fn opens_what_it_sealed_and_nothing_else() {
        let ours = sealer(7);
        let (id, other) = (DatabaseId::generate(), DatabaseId::generate());
        let secret = Secret::new("p4ss wörd");
        let blob = ours.seal(id, &secret).await.unwrap();

        assert_eq!(ours.unseal(id, &blob).await.unwrap(), secret);
        assert!(ours.unseal(other, &blob).await.is_err());
        assert!(sealer(8).unseal(id, &blob).await.is_err());
        for place in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[place] ^= 1;
            assert!(ours.unseal(id, &damaged).await.is_err(), "byte {place}");
            assert!(ours.unseal(id, &blob[..place]).await.is_err(), "cut at {place}");
        }
    }

    #[tokio::test]
    async fn never_seals_twice_alike() {
        let ours = sealer(7);
        let id = DatabaseId::generate();
        let secret = Secret::new("again");
        assert_ne!(ours.seal(id, &secret).await.unwrap(), ours.seal(id, &secret).await.unwrap());
    }

    #[tokio::test]
    async fn older_keys_open_what_they_sealed() {
        let id = DatabaseId::generate();
        let secret = Secret::new("old");
        let key = |digit: &str| Secret::new(digit.repeat(64));
        let old = Sealer::new(SecretRing::fixed(key("a"), None));
        let blob = old.seal(id, &secret).await.unwrap();
        let rotated = Sealer::new(SecretRing::fixed(key("b"), Some(key("a"))));
        assert_eq!(rotated.unseal(id, &blob).await.unwrap(), secret);
        assert!(old.is_current(&blob) && !rotated.is_current(&blob));
        let anew = rotated.seal(id, &secret).await.unwrap();
        assert!(rotated.is_current(&anew) && old.unseal(id, &anew).await.is_err());
    }

    #[tokio::test]
    async fn blobs_from_before_there_were_key_ids_are_opened() {
        let id = DatabaseId::generate();
        let payload = Payload { msg: b"ancient", aad: id.0.as_bytes() };
        let cipher = ChaCha20Poly1305::new(Key::from_slice(&[7; 32]));
        let sealed = cipher.encrypt(Nonce::from_slice(&[9; 12]), payload).unwrap();
        let blob = [&[1], [9; 12].as_slice(), &sealed].concat();
        assert_eq!(sealer(7).unseal(id, &blob).await.unwrap(), Secret::new("ancient"));
        assert!(!sealer(7).is_current(&blob));
        assert!(sealer(8).unseal(id, &blob).await.is_err());
    }
}
