//! Why a server may not run.

use std::io;
use std::path::PathBuf;

use crate::storage::StorageError;

/// The server may not start, or go on, here.
#[derive(Debug, thiserror::Error)]
pub enum ServerLockError {
    #[error(
        "another server runs on {what}: {holder}; stop it first, or give this one a storage and a data_dir of its own"
    )]
    Taken { what: String, holder: String },
    #[error("{} cannot be locked: {error}; check data_dir and its permissions", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("locking the storage failed: {error}; check {key}")]
    Storage { key: &'static str, error: StorageError },
}
