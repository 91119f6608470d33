//! Live streams over WebSocket: everyone gets the newest snapshot at its own pace.

mod access;
mod close;
mod pace;
mod session;
mod upgrade;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

pub use access::Access;
pub use session::{Session, run};
pub use upgrade::Upgrade;

const MOST_STREAMS: usize = 20_000;

/// The live streams that are open, over all databases: a cap, and who must be waited for at shutdown.
#[derive(Debug)]
pub struct LiveStreams {
    slots: Arc<Semaphore>,
    open: TaskTracker,
}

/// One open stream, as long as this lives.
#[derive(Debug)]
pub struct Slot {
    _slot: OwnedSemaphorePermit,
    _open: TaskTrackerToken,
}

impl Default for LiveStreams {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(MOST_STREAMS)), open: TaskTracker::new() }
    }
}

impl LiveStreams {
    /// Room for one more stream; `None` when there is none.
    #[must_use]
    pub fn enter(&self) -> Option<Slot> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Slot { _slot: slot, _open: self.open.token() })
    }

    /// No stream begins after this.
    pub(super) fn close(&self) {
        self.slots.close();
        self.open.close();
    }

    /// Waits until every stream has ended.
    pub(super) async fn wait(&self) {
        self.open.wait().await;
    }
}
