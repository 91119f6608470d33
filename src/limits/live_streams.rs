//! The live streams that are open, over all databases.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

const MAX_STREAMS: usize = 20_000;

/// The live streams that are open, over all databases: bounded in number, and waited for at shutdown.
#[derive(Debug)]
pub struct LiveStreams {
    slots: Arc<Semaphore>,
    open: TaskTracker,
}

/// One open stream, for as long as this lives.
#[derive(Debug)]
pub struct OpenStream {
    _slot: OwnedSemaphorePermit,
    _open: TaskTrackerToken,
}

impl Default for LiveStreams {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(MAX_STREAMS)), open: TaskTracker::new() }
    }
}

impl LiveStreams {
    /// Opens one more stream; `None` when there are too many.
    #[must_use]
    pub fn open(&self) -> Option<OpenStream> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(OpenStream { _slot: slot, _open: self.open.token() })
    }

    /// No stream is opened after this.
    pub fn close(&self) {
        self.slots.close();
        self.open.close();
    }

    /// Waits until every stream has ended.
    pub async fn wait(&self) {
        self.open.wait().await;
    }
}
