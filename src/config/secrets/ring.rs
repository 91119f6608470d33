//! The secrets of one purpose: the one in use, and those before it that may still be met.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Secret;
use parking_lot::{Mutex, RwLock};

use super::SecretsError;
use super::files::{self, RetiredSecret, Ring, keep};

/// Secrets that can be replaced while the server runs, and are therefore read for each use. [`Self::now`] reads memory
/// only; [`Self::refresh`] reads the files.
#[derive(Clone)]
pub struct SecretRing(Arc<Source>);

enum Source {
    Fixed(Arc<Ring>),
    File { path: PathBuf, ring: RwLock<Arc<Ring>>, checked: Mutex<Checked> },
}

/// What the last check of the files found. Its lock is held while they are read, so that an older state never replaces
/// a newer one; readers of the ring do not take it.
struct Checked {
    stamps: Stamps,
    /// Whether the files could not be read then, which is logged once.
    failed: bool,
}

/// Changes whenever one of the files was replaced.
type Stamps = [Option<(u64, i64, i64, u64)>; 2];

impl SecretRing {
    /// How soon a running server uses what another process put into the files.
    pub const PICKED_UP_WITHIN: Duration = Duration::from_secs(1);

    /// Secrets that stay as they are.
    #[must_use]
    pub fn fixed(current: Secret, previous: Option<Secret>) -> Self {
        let previous = previous.into_iter().map(|secret| RetiredSecret { secret, since: None }).collect();
        Self(Arc::new(Source::Fixed(Arc::new(Ring { current, previous }))))
    }

    /// The secret in the file at `path`, made if there is none, and those in the file beside it.
    ///
    /// # Errors
    /// [`SecretsError`] when a file cannot be made, is damaged or open to others.
    pub fn kept(path: PathBuf) -> Result<Self, SecretsError> {
        keep(&path)?;
        let checked = Mutex::new(Checked { stamps: stamps(&path), failed: false });
        let ring = RwLock::new(Arc::new(files::read(&path)?));
        Ok(Self(Arc::new(Source::File { path, ring, checked })))
    }

    /// The secrets as they were at the last refresh. Never waits for the file system.
    #[must_use]
    pub fn now(&self) -> Arc<Ring> {
        match &*self.0 {
            Source::Fixed(ring) => Arc::clone(ring),
            Source::File { ring, .. } => Arc::clone(&ring.read()),
        }
    }

    /// Reads the files if they were replaced; when that fails, the secrets stay as they were.
    pub async fn refresh(&self) {
        if matches!(*self.0, Source::Fixed(_)) {
            return;
        }
        let ring = self.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || ring.refresh_blocking()).await {
            tracing::error!(%error, "reading the secrets failed");
        }
    }

    /// As [`Self::refresh`], on this thread.
    pub(super) fn refresh_blocking(&self) {
        let Source::File { path, ring, checked } = &*self.0 else { return };
        let mut checked = checked.lock();
        let found = stamps(path);
        if checked.stamps == found {
            return;
        }
        match files::read(path) {
            Ok(read) => {
                *ring.write() = Arc::new(read);
                *checked = Checked { stamps: found, failed: false };
            }
            Err(error) if !checked.failed => {
                tracing::error!("the secrets stay as they were: {error}");
                checked.failed = true;
            }
            Err(_) => {}
        }
    }

    /// The file that the secret in use is kept in; none when it is configured.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &*self.0 {
            Source::Fixed(_) => None,
            Source::File { path, .. } => Some(path),
        }
    }
}

impl From<&[u8; 32]> for SecretRing {
    fn from(key: &[u8; 32]) -> Self {
        Self::fixed(Secret::new(hex::encode(key)), None)
    }
}

impl PartialEq for SecretRing {
    fn eq(&self, other: &Self) -> bool {
        self.now() == other.now()
    }
}

impl Eq for SecretRing {}

impl fmt::Debug for SecretRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretRing")
    }
}

fn stamps(path: &Path) -> Stamps {
    [path, &files::previous(path)].map(|path| {
        let found: io::Result<fs::Metadata> = fs::metadata(path);
        found.ok().map(|found| (found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
    })
}
