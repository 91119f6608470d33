//! Random tokens that mean nothing by themselves; only their hashes are stored.

use basira_actors::model::Secret;
use sha2::{Digest, Sha256};

/// `N` random bytes in hexadecimal digits.
pub(super) fn random_hex<const N: usize>() -> String {
    let bytes: [u8; N] = std::array::from_fn(|_| rand::random());
    hex::encode(bytes)
}

/// A token of 256 random bits.
pub(super) fn generate() -> Secret {
    Secret::new(random_hex::<32>())
}

/// What is stored of a token. It has 256 random bits, so a plain hash cannot be searched.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_like_everyone() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, two) = (generate(), generate());
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one, two);
    }
}
