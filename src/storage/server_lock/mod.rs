//! Locks that keep a second server off a data directory and a storage: two would count everything twice. The commands
//! of the operator take no lock; they may run while a server does.

mod error;
mod lock_file;
mod session;

use std::path::Path;

use futures_util::future::{pending, select_all};
use tokio_util::sync::CancellationToken;

pub use self::error::ServerLockError;
use self::lock_file::LockFile;
use self::session::SessionLock;
use super::open;

/// In the data directory.
const LOCK_FILE: &str = "server.lock";

/// The locks of a running server. They are released when the process ends.
#[derive(Debug)]
pub struct ServerLocks {
    files: Vec<LockFile>,
    sessions: Vec<SessionLock>,
}

impl ServerLocks {
    /// Locks `data_dir`, which must be there, and the storages whose URLs are configured under their keys, for a server that
    /// will listen at `address`.
    ///
    /// # Errors
    /// [`ServerLockError::Taken`] names the server that is there already.
    pub async fn take(
        data_dir: &Path,
        storages: &[(&'static str, &str)],
        address: &str,
    ) -> Result<Self, ServerLockError> {
        let holder = holder(address);
        let what = format!("data_dir {}", data_dir.display());
        let directory = LockFile::take(&data_dir.join(LOCK_FILE), &what, &holder)?;
        let mut locks = Self { files: vec![directory], sessions: Vec::new() };
        for &(key, url) in storages {
            let storage = |error| ServerLockError::Storage { key, error };
            if let Some(database) = open::sqlite_file(url).map_err(storage)? {
                let path = database.with_added_extension("lock");
                locks.files.push(LockFile::take(&path, &database.display().to_string(), &holder)?);
            } else {
                let options = open::postgres_options(url).map_err(storage)?;
                locks.sessions.push(SessionLock::take(key, options, &holder).await?);
            }
        }
        Ok(locks)
    }

    /// Tells whoever comes later where this server listens.
    ///
    /// # Errors
    /// [`ServerLockError`] when that could not be written; the locks are held all the same.
    pub async fn announce(&mut self, address: &str) -> Result<(), ServerLockError> {
        let holder = holder(address);
        for file in &mut self.files {
            file.name(&holder)?;
        }
        for session in &mut self.sessions {
            session.name(&holder).await?;
        }
        Ok(())
    }

    /// Holds the locks until `finished`. Cancels `shutdown` when another server has taken one, after its session was
    /// lost.
    ///
    /// # Errors
    /// [`ServerLockError::Taken`] when that happened.
    pub async fn hold(
        mut self,
        shutdown: CancellationToken,
        finished: CancellationToken,
    ) -> Result<(), ServerLockError> {
        let Some(lost) = finished.run_until_cancelled(self.lost()).await else { return Ok(()) };
        tracing::error!(error = %lost, "this server stops");
        shutdown.cancel();
        finished.cancelled().await;
        Err(lost)
    }

    /// Returns when another server has taken a lock; the lock of a file is held for as long as the file is open.
    async fn lost(&mut self) -> ServerLockError {
        if self.sessions.is_empty() {
            return pending().await;
        }
        let watches = self.sessions.iter_mut().map(|session| Box::pin(session.lost()));
        select_all(watches).await.0
    }
}

fn holder(address: &str) -> String {
    format!("process {} at {address}", std::process::id())
}
