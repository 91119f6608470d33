//! Where the outside finds the actor of a database.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use crate::model::{ActivitySnapshot, CollectorStatus, DatabaseId, DatabaseStatus};

/// The newest that live streams may show. A new value is published after each look at the activity and when the
/// target goes away or comes back; `None` before the first look.
#[derive(Debug, Clone)]
pub enum Live {
    Snapshot {
        /// Grows by one with each snapshot of this database.
        seq: u64,
        snapshot: Arc<ActivitySnapshot>,
        /// The frame `{"type":"snapshot","ts","seq","queries":[...]}`, serialised once for all streams.
        frame: Bytes,
    },
    /// The target is away: the frame `{"type":"status","status":"disconnected","last_error"}`.
    Away { frame: Bytes },
    /// The database was deleted: streams end.
    Deleted,
}

/// Finds the actor of each database; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Directory;

/// One database's actor, here or elsewhere; outlives its restarts.
#[derive(Debug, Clone)]
pub struct Handle;

/// The actor did not answer in time, or is being restarted: ask again in a second.
#[derive(Debug, thiserror::Error)]
#[error("the monitor of this database is restarting")]
pub struct Unavailable;

/// While this lives, the activity is looked at often enough for its interval.
#[derive(Debug)]
pub struct Subscription;

impl Directory {
    /// The actor of `id`, if that database is watched.
    #[must_use]
    pub fn find(&self, _id: DatabaseId) -> Option<Handle> {
        unimplemented!()
    }
}

impl Handle {
    /// What is known of the database now; never waits.
    #[must_use]
    pub fn status(&self) -> DatabaseStatus {
        unimplemented!()
    }

    /// The newest activity, `None` when the database is away or not looked at yet; never waits.
    #[must_use]
    pub fn activity(&self) -> Option<Arc<ActivitySnapshot>> {
        unimplemented!()
    }

    /// One line per collector, asked of the actor (it answers within a second).
    ///
    /// # Errors
    /// [`Unavailable`] when it does not.
    pub async fn collectors(&self) -> Result<Vec<CollectorStatus>, Unavailable> {
        unimplemented!()
    }

    /// Follows the live snapshots; `interval` is how often the caller wants one.
    #[must_use]
    pub fn subscribe(&self, _interval: Duration) -> (watch::Receiver<Option<Live>>, Subscription) {
        unimplemented!()
    }
}
