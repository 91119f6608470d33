//! A lock that falls with the process, in a file that says who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::ServerLockError;

#[derive(Debug)]
pub(super) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Locks the file at `path`, which stands for `what`. It stays when the lock falls: another process may be about to
    /// lock it.
    pub(super) fn take(path: &Path, what: &str, holder: &str) -> Result<Self, ServerLockError> {
        let io = |error| ServerLockError::Io { path: path.to_owned(), error };
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(io)?;
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                let mut lock = Self { file, path: path.to_owned() };
                lock.name(holder)?;
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path).unwrap_or_default().trim().to_owned();
                Err(ServerLockError::Taken { what: what.to_owned(), holder })
            }
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Writes down who holds it.
    pub(super) fn name(&mut self, holder: &str) -> Result<(), ServerLockError> {
        self.write(holder).map_err(|error| ServerLockError::Io { path: self.path.clone(), error })
    }

    fn write(&mut self, holder: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(format!("{holder}\n").as_bytes())
    }
}
