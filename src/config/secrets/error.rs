//! Why secrets cannot be read or made.

use std::io;
use std::path::PathBuf;

/// The secrets cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("{} cannot be used: {error}; check data_dir and its permissions", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{} can be read by others; run: chmod 600 {}", .0.display(), .0.display())]
    Exposed(PathBuf),
    #[error("data_dir {} is open to others; run: chmod 700 {}", .0.display(), .0.display())]
    OpenDirectory(PathBuf),
    #[error("{} does not hold 64 hex digits; restore it from a backup", .0.display())]
    Damaged(PathBuf),
    #[error("{} is locked: secrets are being rotated or copied; try again when that is done", .0.display())]
    Rotating(PathBuf),
}
