//! PBKDF2-HMAC-SHA256.
//!
//! A crate of its own because generic code is compiled with the optimisation level of the crate that instantiates it:
//! inside `basira`, which a debug build does not optimise, 600,000 rounds take 3 s instead of 0.15 s.

use pbkdf2::pbkdf2_hmac_array;
use sha2::Sha256;

/// Length of the derived key.
pub const KEY_BYTES: usize = 32;

/// Derives a key from `password` and `salt` in `rounds` rounds. Blocks for as long as that takes.
#[must_use]
pub fn derive_key(password: &[u8], salt: &[u8], rounds: u32) -> [u8; KEY_BYTES] {
    pbkdf2_hmac_array::<Sha256, KEY_BYTES>(password, salt, rounds)
}
