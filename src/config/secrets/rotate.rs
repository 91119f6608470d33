//! Replacing secrets in files. Whatever was made with the old one is still understood until it is let go.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use basira_actors::model::{Secret, Timestamp};

use super::files::{self, RetiredSecret, Ring};
use super::{SecretRing, SecretsError};

const LOCK: &str = "rotation.lock";

/// As long as this lives, nobody else replaces the secrets of a data directory, or copies them.
#[derive(Debug)]
pub struct RotationLock {
    _file: File,
}

impl RotationLock {
    /// Takes the lock of `data_dir`; it is released when the process ends.
    ///
    /// # Errors
    /// [`SecretsError::Rotating`] when somebody has it.
    pub fn take(data_dir: &Path) -> Result<Self, SecretsError> {
        let path = data_dir.join(LOCK);
        let io = |error| SecretsError::Io { path: path.clone(), error };
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(SecretsError::Rotating(path)),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }
}

impl SecretRing {
    /// Puts a new secret in the place of the one in use, which becomes a previous one. False when there is no file to
    /// put it in.
    ///
    /// # Errors
    /// [`SecretsError`] when it could not be written; then the old one is in use.
    pub fn replace(&self, _lock: &RotationLock, now: Timestamp) -> Result<bool, SecretsError> {
        let Some(path) = self.file() else { return Ok(false) };
        let old = files::read(path)?;
        let mut previous = old.previous;
        previous.insert(0, RetiredSecret { secret: old.current, since: Some(now) });
        let ring = Ring { current: Secret::new(files::generate()), previous };
        files::replace(path, &ring).map_err(|error| SecretsError::Io { path: path.to_owned(), error })?;
        self.refresh_blocking();
        Ok(true)
    }

    /// Lets go of the previous ones for which `wanted` says no.
    ///
    /// # Errors
    /// [`SecretsError`] when the file could not be written.
    pub fn retain(
        &self,
        _lock: &RotationLock,
        wanted: impl Fn(&RetiredSecret) -> bool,
    ) -> Result<(), SecretsError> {
        let Some(path) = self.file() else { return Ok(()) };
        let mut ring = files::read(path)?;
        ring.previous.retain(wanted);
        let kept =
            if ring.previous.is_empty() { files::forget_previous(path) } else { files::replace(path, &ring) };
        kept.map_err(|error| SecretsError::Io { path: path.to_owned(), error })?;
        self.refresh_blocking();
        Ok(())
    }
}
