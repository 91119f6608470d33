//! Secrets that are configured, or made on the first start and kept in `data_dir`.

mod error;
mod files;
mod ring;
mod rotate;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use basira_actors::model::Secret;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

pub use self::error::SecretsError;
pub use self::files::{RetiredSecret, Ring, from_hex};
pub use self::ring::SecretRing;
pub use self::rotate::RotationLock;
use super::Config;

const JWT_SECRET: &str = "jwt_secret";
const ENCRYPTION_KEY: &str = "encryption_key";
/// How often the files are looked at; well below [`SecretRing::PICKED_UP_WITHIN`].
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// What signs tokens and what encrypts credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    pub jwt: SecretRing,
    /// Each of 64 hex digits.
    pub encryption: SecretRing,
}

impl Secrets {
    /// What is configured, else what `data_dir` holds, else made now.
    ///
    /// # Errors
    /// [`SecretsError`] when a file cannot be made, is damaged or open to others, or the directory is.
    pub fn of(config: &Config) -> Result<Self, SecretsError> {
        files::make_private(&config.data_dir)?;
        let ring = |configured: &Option<Secret>, previous: &Option<Secret>, name| match configured {
            Some(secret) => Ok(SecretRing::fixed(secret.clone(), previous.clone())),
            None => SecretRing::kept(config.data_dir.join(name)),
        };
        let auth = &config.auth;
        Ok(Self {
            jwt: ring(&auth.jwt_secret, &auth.previous_jwt_secret, JWT_SECRET)?,
            encryption: ring(&auth.encryption_key, &auth.previous_encryption_key, ENCRYPTION_KEY)?,
        })
    }

    /// Keeps up with the files, which another process may replace, until `shutdown`.
    pub async fn follow(self, shutdown: CancellationToken) {
        let mut checks = interval(CHECK_INTERVAL);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(checks.tick()).await.is_some() {
            self.jwt.refresh().await;
            self.encryption.refresh().await;
        }
    }

    /// The files of those that are not configured, and of those before them.
    #[must_use]
    pub fn files(config: &Config) -> Vec<PathBuf> {
        let secrets = [(&config.auth.encryption_key, ENCRYPTION_KEY), (&config.auth.jwt_secret, JWT_SECRET)];
        let made = secrets.into_iter().filter(|(configured, _)| configured.is_none());
        let current = made.map(|(_, name)| config.data_dir.join(name));
        current.flat_map(|path| [files::previous(&path), path]).filter(|path| !is_absent(path)).collect()
    }
}

/// Of the secrets before those in use, there may be none.
fn is_absent(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|ending| ending == "previous") && !path.exists()
}
