//! Passwords: PBKDF2-HMAC-SHA256 in PHC strings, off the async threads, as many at once as there are CPUs.
//!
//! Requests come here with a permit of the hashing queue (`limits/hashing_queue.rs`), which serves hosts in turn and refuses
//! requests that would wait too long.

use std::sync::Arc;
use std::thread::available_parallelism;

use basira_actors::model::Secret;
use basira_pbkdf2::{KEY_BYTES, derive_key};
use pbkdf2::password_hash::{Error, Output, ParamsString, PasswordHash, Salt, SaltString};
use pbkdf2::{Algorithm, Params};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::fields::FieldError;

/// The cost of one hash; stored hashes with a lower cost are renewed at the next login.
const ROUNDS: u32 = 600_000;
const SALT_BYTES: usize = 16;

/// Hashes and checks passwords, as many at once as there are CPUs.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    rounds: u32,
    permits: Arc<Semaphore>,
    #[cfg(test)]
    pub(super) spent: Arc<std::sync::atomic::AtomicU64>,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PasswordCheck {
    Wrong,
    Correct,
    /// Correct, but stored with a lower cost than the current one.
    CorrectButOutdated,
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub(super) enum HashError {
    #[error("hashing a password was interrupted, the server is shutting down")]
    Interrupted,
    #[error("hashing a password failed: {0}")]
    Hash(#[from] Error),
}

impl Default for Passwords {
    fn default() -> Self {
        Self::with_rounds(ROUNDS)
    }
}

impl Passwords {
    pub(super) fn with_rounds(rounds: u32) -> Self {
        let cpus = available_parallelism().map_or(1, usize::from);
        Self {
            rounds,
            permits: Arc::new(Semaphore::new(cpus)),
            #[cfg(test)]
            spent: Arc::default(),
        }
    }

    /// The PHC string of `password` under a new salt.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String, HashError> {
        self.derive(password, new_salt()?, self.rounds).await
    }

    /// Checks `password` against a stored PHC string; without one it is wrong. A wrong password takes the same time
    /// whether there is a stored hash or not, also for a hash with a lower cost.
    pub(super) async fn check(
        &self,
        password: &Secret,
        stored: Option<&str>,
    ) -> Result<PasswordCheck, HashError> {
        let Some(stored) = stored.and_then(Stored::parse) else {
            self.derive(password, new_salt()?, self.rounds).await?;
            return Ok(PasswordCheck::Wrong);
        };
        let derived = self.derive(password, stored.salt, stored.rounds).await?;
        let hash = PasswordHash::new(&derived)?.hash;
        if !hash.is_some_and(|hash| hash.as_bytes().ct_eq(stored.hash.as_bytes()).into()) {
            if stored.rounds < self.rounds {
                self.derive(password, new_salt()?, self.rounds - stored.rounds).await?;
            }
            return Ok(PasswordCheck::Wrong);
        }
        Ok(if stored.rounds < self.rounds {
            PasswordCheck::CorrectButOutdated
        } else {
            PasswordCheck::Correct
        })
    }

    async fn derive(&self, password: &Secret, salt: SaltString, rounds: u32) -> Result<String, HashError> {
        let _permit = self.permits.acquire().await.map_err(|_| HashError::Interrupted)?;
        #[cfg(test)]
        self.spent.fetch_add(u64::from(rounds), std::sync::atomic::Ordering::Relaxed);
        let password = password.clone();
        let derivation = tokio::task::spawn_blocking(move || phc_string(&password, &salt, rounds));
        Ok(derivation.await.map_err(|_| HashError::Interrupted)??)
    }
}

/// Derives the PHC string of `password`. Blocks.
fn phc_string(password: &Secret, salt: &SaltString, rounds: u32) -> Result<String, Error> {
    let mut buffer = [0; Salt::MAX_LENGTH];
    let key = derive_key(password.expose().as_bytes(), salt.decode_b64(&mut buffer)?, rounds);
    let hash = PasswordHash {
        algorithm: Algorithm::Pbkdf2Sha256.ident(),
        version: None,
        params: ParamsString::try_from(Params { rounds, output_length: KEY_BYTES })?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&key)?),
    };
    Ok(hash.to_string())
}

/// A parsed stored hash.
struct Stored {
    rounds: u32,
    salt: SaltString,
    hash: Output,
}

impl Stored {
    fn parse(phc: &str) -> Option<Self> {
        let stored = PasswordHash::new(phc).ok()?;
        let rounds = Params::try_from(&stored).ok()?.rounds;
        Some(Self { rounds, salt: SaltString::from_b64(stored.salt?.as_str()).ok()?, hash: stored.hash? })
    }
}

fn new_salt() -> Result<SaltString, Error> {
    SaltString::encode_b64(&rand::random::<[u8; SALT_BYTES]>())
}

/// `password`, sent as `field`, if it is acceptable: 8 to 256 characters.
pub(super) fn acceptable(field: &'static str, text: &str) -> Result<Secret, FieldError> {
    let refuse = |message| Err(FieldError::new(field, message));
    match text.chars().count() {
        0..8 => refuse("must have at least 8 characters"),
        257.. => refuse("must have at most 256 characters"),
        _ if text.contains('\0') => refuse("must not contain NUL"),
        _ => Ok(Secret::new(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_a_hash_made_elsewhere() {
        // RFC 7914, section 11
        let stored = "$pbkdf2-sha256$i=80000,l=32$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y";
        let passwords = Passwords::with_rounds(80_000);
        let check =
            async |password: &str| passwords.check(&Secret::new(password), Some(stored)).await.unwrap();
        assert_eq!(check("Password").await, PasswordCheck::Correct);
        assert_eq!(check("password").await, PasswordCheck::Wrong);
    }

    #[tokio::test]
    async fn salts_each_hash_and_notices_a_low_cost() {
        let (cheap, expensive) = (Passwords::with_rounds(1_000), Passwords::with_rounds(1_001));
        let password = Secret::new("correct horse");
        let (one, two) = (cheap.hash(&password).await.unwrap(), cheap.hash(&password).await.unwrap());
        assert_ne!(one, two);
        assert_eq!(cheap.check(&password, Some(&one)).await.unwrap(), PasswordCheck::Correct);
        assert_eq!(expensive.check(&password, Some(&one)).await.unwrap(), PasswordCheck::CorrectButOutdated);
        let wrong = Secret::new("battery staple");
        assert_eq!(expensive.check(&wrong, Some(&one)).await.unwrap(), PasswordCheck::Wrong);
        for none in [None, Some("nonsense"), Some("$pbkdf2-sha256$i=1$AAAA$AAAA")] {
            assert_eq!(cheap.check(&password, none).await.unwrap(), PasswordCheck::Wrong);
        }
    }

    #[tokio::test]
    async fn every_wrong_answer_costs_the_same() {
        let (cheap, expensive) = (Passwords::with_rounds(1_000), Passwords::with_rounds(3_000));
        let right = Secret::new("correct horse");
        let (old, new) = (cheap.hash(&right).await.unwrap(), expensive.hash(&right).await.unwrap());
        for stored in [None, Some("nonsense"), Some(""), Some(old.as_str()), Some(new.as_str())] {
            for wrong in ["battery staple", "", &"x".repeat(1_000)] {
                let spent = || expensive.spent.load(std::sync::atomic::Ordering::Relaxed);
                let before = spent();
                assert_eq!(expensive.check(&Secret::new(wrong), stored).await.unwrap(), PasswordCheck::Wrong);
                assert_eq!(spent() - before, 3_000, "{stored:?} {wrong}");
            }
        }
    }

    #[test]
    fn takes_8_to_256_characters() {
        for (text, accepted) in [
            ("1234567", false),
            ("12345678", true),
            ("ünïcödé!", true),
            ("1234567\0", false),
            (&"x".repeat(256), true),
            (&"x".repeat(257), false),
        ] {
            assert_eq!(acceptable("password", text).is_ok(), accepted, "{text}");
        }
    }
}
