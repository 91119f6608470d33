//! `basira admin rotate-keys`: other secrets, with nobody logged out and no password lost.

use basira_actors::model::Timestamp;

use crate::auth::tokens_outlive;
use crate::config::{Config, RotationLock, SecretRing, Secrets, SecretsError};
use crate::log::Log;
use crate::run::{self, ServeError};
use crate::storage::StorageError;
use crate::storage::store::Reencrypted;

/// Not everything was rotated; running it again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum RotateError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Storage(#[from] ServeError),
    #[error("re-encrypting the passwords failed: {0}; run this again: until then the previous key is kept")]
    Reseal(#[from] StorageError),
}

/// Every step leaves something that a server can run on. A running one sees the files change, and uses nothing but the
/// new secrets by the time that this ends.
pub(super) async fn run(config: &Config) -> Result<(), RotateError> {
    Log::start(&config.log);
    let secrets = Secrets::of(config)?;
    let lock = RotationLock::take(&config.data_dir)?;
    rotate_encryption(config, &secrets, &lock).await?;
    rotate_jwt(&secrets, &lock)?;
    tokio::time::sleep(SecretRing::PICKED_UP_WITHIN).await;
    Ok(())
}

/// Finishes an interrupted rotation instead of starting another.
async fn rotate_encryption(
    config: &Config,
    secrets: &Secrets,
    lock: &RotationLock,
) -> Result<(), RotateError> {
    let storage = run::open_storage(config, secrets).await?;
    let keys = &secrets.encryption;
    let replaced = if keys.now().previous.is_empty() {
        keys.replace(lock, Timestamp::now())?
    } else {
        outln!("finishing a rotation of the encryption key that was begun before");
        false
    };
    let reencrypted = storage.reencrypt().await?;
    storage.close().await.map_err(RotateError::Reseal)?;
    let is_kept = keys.file().is_some();
    keys.retain(lock, |_| false)?;
    tell(&reencrypted, replaced, is_kept);
    Ok(())
}

fn rotate_jwt(secrets: &Secrets, lock: &RotationLock) -> Result<(), RotateError> {
    let now = Timestamp::now();
    if secrets.jwt.replace(lock, now)? {
        secrets.jwt.retain(lock, |retired| tokens_outlive(retired, now))?;
        outln!("replaced jwt_secret; tokens of the one before stay good until they expire");
    } else {
        outln!(
            "auth.jwt_secret is configured: put another one there and this one into auth.previous_jwt_secret, \
             for 15 minutes"
        );
    }
    Ok(())
}

fn tell(reencrypted: &Reencrypted, replaced: bool, is_kept: bool) {
    let Reencrypted { changed, unchanged, unreadable, unreadable_totp } = reencrypted;
    if replaced {
        outln!("replaced encryption_key");
    }
    outln!("encrypted {changed} secrets anew; {unchanged} were encrypted with the key in use already");
    if !is_kept {
        outln!("auth.encryption_key is configured: auth.previous_encryption_key is not needed any more");
        outln!(
            "to replace it, put another one there and this one into auth.previous_encryption_key, start the"
        );
        outln!("server anew and run this again");
    }
    for id in unreadable {
        outln!("the password of database {id} can be decrypted with no key that is known: set it anew");
    }
    for id in unreadable_totp {
        outln!(
            "the second factor of user {id} can be decrypted with no key that is known: turn it off for them"
        );
    }
}
