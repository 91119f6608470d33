//! Encryption of passwords and second factors at rest: ChaCha20-Poly1305, with keys that are kept outside the storage.

use std::fmt;

use basira_actors::model::{DatabaseId, Secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use sha2::{Digest, Sha256};

use crate::config::{SecretRing, from_hex};

/// The layout of a ciphertext: this byte, the id of the key, the nonce, the ciphertext with its tag.
const VERSION: u8 = 2;
/// The layout before keys had ids: this byte, the nonce, the ciphertext with its tag.
const WITHOUT_KEY_ID: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// Encrypts and decrypts with the keys of the moment.
#[derive(Clone)]
pub(crate) struct Cipher(SecretRing);

/// The ciphertext was made with another key, for another row, or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored password cannot be decrypted with the current auth.encryption_key")]
pub(crate) struct DecryptError;

/// The cipher of one key.
struct KeyCipher {
    id: [u8; KEY_ID_BYTES],
    cipher: ChaCha20Poly1305,
}

impl Cipher {
    pub(crate) const fn new(keys: SecretRing) -> Self {
        Self(keys)
    }

    /// Encrypts `secret` with the current key, in a transaction of [`Storage::begin_encrypting`]: the key is read after the
    /// lock was taken, so that no key is used that a rotation is about to delete. The id is authenticated too, so that a
    /// ciphertext copied to another row cannot be decrypted.
    ///
    /// [`Storage::begin_encrypting`]: super::Storage
    pub(crate) async fn encrypt(&self, id: DatabaseId, secret: &Secret) -> Result<Vec<u8>, DecryptError> {
        self.0.refresh().await;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: id.0.as_bytes() };
        let KeyCipher { id, cipher } = KeyCipher::new(&self.0.now().current).ok_or(DecryptError)?;
        let ciphertext = cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| DecryptError)?;
        Ok([&[VERSION], id.as_slice(), nonce.as_slice(), &ciphertext].concat())
    }

    /// Decrypts what [`Self::encrypt`] returned for `id`; reads the key files again when no loaded key fits.
    pub(crate) async fn decrypt(&self, id: DatabaseId, blob: &[u8]) -> Result<Secret, DecryptError> {
        if let Ok(secret) = self.decrypt_with_known_keys(id, blob) {
            return Ok(secret);
        }
        self.0.refresh().await;
        self.decrypt_with_known_keys(id, blob)
    }

    fn decrypt_with_known_keys(&self, id: DatabaseId, blob: &[u8]) -> Result<Secret, DecryptError> {
        let (version, rest) = blob.split_first().ok_or(DecryptError)?;
        let (key_id, rest) = match *version {
            VERSION => rest.split_at_checked(KEY_ID_BYTES).ok_or(DecryptError)?,
            WITHOUT_KEY_ID => (&[][..], rest),
            _ => return Err(DecryptError),
        };
        let keys = self.0.now();
        let ciphers = keys.all().filter_map(KeyCipher::new);
        let mut fitting = ciphers.filter(|cipher| key_id.is_empty() || cipher.id == key_id);
        let plain =
            fitting.find_map(|KeyCipher { cipher, .. }| open(&cipher, id, rest)).ok_or(DecryptError)?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| DecryptError)
    }

    /// Whether `blob` was encrypted with the current key.
    pub(crate) fn is_current(&self, blob: &[u8]) -> bool {
        let cipher = KeyCipher::new(&self.0.now().current);
        let head = cipher.map(|KeyCipher { id, .. }| [&[VERSION], id.as_slice()].concat());
        head.is_some_and(|head| blob.starts_with(&head))
    }
}

fn open(cipher: &ChaCha20Poly1305, id: DatabaseId, encrypted: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = encrypted.split_at_checked(NONCE_BYTES)?;
    let payload = Payload { msg: ciphertext, aad: id.0.as_bytes() };
    cipher.decrypt(Nonce::from_slice(nonce), payload).ok()
}

impl KeyCipher {
    fn new(key: &Secret) -> Option<Self> {
        let key = from_hex(key.expose())?;
        let hash = Sha256::new().chain_update("basira encryption key id").chain_update(key).finalize();
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash[..KEY_ID_BYTES]);
        Some(Self { id, cipher: ChaCha20Poly1305::new(Key::from_slice(&key)) })
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(byte: u8) -> Cipher {
        Cipher::new(SecretRing::from(&[byte; 32]))
    }

    #[tokio::test]
    async fn decrypts_what_it_encrypted_and_nothing_else() {
        let ours = with_key(7);
        let (id, other) = (DatabaseId::generate(), DatabaseId::generate());
        let secret = Secret::new("p4ss wörd");
        let blob = ours.encrypt(id, &secret).await.unwrap();

        assert_eq!(ours.decrypt(id, &blob).await.unwrap(), secret);
        assert!(ours.decrypt(other, &blob).await.is_err());
        assert!(with_key(8).decrypt(id, &blob).await.is_err());
        for place in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[place] ^= 1;
            assert!(ours.decrypt(id, &damaged).await.is_err(), "byte {place}");
            assert!(ours.decrypt(id, &blob[..place]).await.is_err(), "cut at {place}");
        }
    }

    #[tokio::test]
    async fn the_same_secret_is_never_encrypted_to_the_same_bytes() {
        let ours = with_key(7);
        let id = DatabaseId::generate();
        let secret = Secret::new("again");
        assert_ne!(ours.encrypt(id, &secret).await.unwrap(), ours.encrypt(id, &secret).await.unwrap());
    }

    #[tokio::test]
    async fn previous_keys_still_decrypt() {
        let id = DatabaseId::generate();
        let secret = Secret::new("old");
        let key = |digit: &str| Secret::new(digit.repeat(64));
        let old = Cipher::new(SecretRing::fixed(key("a"), None));
        let blob = old.encrypt(id, &secret).await.unwrap();
        let rotated = Cipher::new(SecretRing::fixed(key("b"), Some(key("a"))));
        assert_eq!(rotated.decrypt(id, &blob).await.unwrap(), secret);
        assert!(old.is_current(&blob) && !rotated.is_current(&blob));
        let renewed = rotated.encrypt(id, &secret).await.unwrap();
        assert!(rotated.is_current(&renewed) && old.decrypt(id, &renewed).await.is_err());
    }

    #[tokio::test]
    async fn ciphertexts_without_a_key_id_are_decrypted() {
        let id = DatabaseId::generate();
        let payload = Payload { msg: b"ancient", aad: id.0.as_bytes() };
        let cipher = ChaCha20Poly1305::new(Key::from_slice(&[7; 32]));
        let encrypted = cipher.encrypt(Nonce::from_slice(&[9; 12]), payload).unwrap();
        let blob = [&[1], [9; 12].as_slice(), &encrypted].concat();
        assert_eq!(with_key(7).decrypt(id, &blob).await.unwrap(), Secret::new("ancient"));
        assert!(!with_key(7).is_current(&blob));
        assert!(with_key(8).decrypt(id, &blob).await.is_err());
    }
}
