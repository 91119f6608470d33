//! `basira admin rotate-keys`: replaces the secrets without ending sessions.

use basira_actors::model::Timestamp;

use crate::auth::tokens_outlive;
use crate::config::{Config, RotationLock, SecretRing, Secrets, SecretsError};
use crate::log::Log;
use crate::run::{self, ServeError};
use crate::storage::StorageError;
use crate::storage::store::Reencrypted;

/// Not everything was rotated; running the command again continues.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum RotateError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Storage(#[from] ServeError),
    #[error("re-encrypting the passwords failed: {0}; run this again: until then the previous key is kept")]
    Reseal(#[from] StorageError),
}

/// After every step the files are usable by a server. A running server reads them again, and uses only the new secrets when
/// this ends.
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
        outln!("finishing an interrupted rotation of the encryption key");
        false
    };
    let reencrypted = storage.reencrypt().await?;
    storage.close().await.map_err(RotateError::Reseal)?;
    let is_kept = keys.file().is_some();
    keys.retain(lock, |_| false)?;
    print_result(&reencrypted, replaced, is_kept);
    Ok(())
}

fn rotate_jwt(secrets: &Secrets, lock: &RotationLock) -> Result<(), RotateError> {
    let now = Timestamp::now();
    if secrets.jwt.replace(lock, now)? {
        secrets.jwt.retain(lock, |retired| tokens_outlive(retired, now))?;
        outln!("replaced jwt_secret; tokens of the previous one stay valid until they expire");
    } else {
        outln!(
            "auth.jwt_secret is configured: put another one there and this one into auth.previous_jwt_secret, \
             for 15 minutes"
        );
    }
    Ok(())
}

fn print_result(reencrypted: &Reencrypted, replaced: bool, is_kept: bool) {
    let Reencrypted { changed, unchanged, unreadable, unreadable_totp } = reencrypted;
    if replaced {
        outln!("replaced encryption_key");
    }
    outln!("re-encrypted {changed} secrets; {unchanged} were encrypted with the current key already");
    if !is_kept {
        outln!("auth.encryption_key is configured: auth.previous_encryption_key is no longer needed");
        outln!(
            "to replace it, put another one there and this one into auth.previous_encryption_key, start the"
        );
        outln!("server again and run this again");
    }
    for id in unreadable {
        outln!("the password of database {id} cannot be decrypted with any known key: set it again");
    }
    for id in unreadable_totp {
        outln!("the second factor of user {id} cannot be decrypted with any known key: turn it off");
    }
}
