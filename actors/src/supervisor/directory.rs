//! Finds the monitor of a database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ractor::rpc::CallResult;
use tokio::sync::watch;

use crate::health::Diagnosis;
use crate::model::{
    ActivitySnapshot, CollectorStatus, DatabaseId, DatabaseStatus, Engine, Snapshot, Status, Timestamp,
};
use crate::monitor::{Live, Message, Shared};

/// How long a monitor may take to report the status of its collectors; it does not wait for I/O.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

/// Finds the monitor of each database. Cheap to clone.
#[derive(Clone, Default)]
pub struct Directory {
    databases: Arc<RwLock<HashMap<DatabaseId, Arc<Shared>>>>,
}

/// A reference to the monitor of one database. It stays valid when the monitor is restarted.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// The monitor did not reply in time, or is being restarted. Try again in a second.
#[derive(Debug, thiserror::Error)]
#[error("the monitor of this database is restarting")]
pub struct Unavailable;

/// A subscription to live values. Until it is dropped, the activity is read at its interval.
pub struct LiveSubscription {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for LiveSubscription {
    fn drop(&mut self) {
        self.shared.unsubscribe(self.id);
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

impl Directory {
    /// Returns the handle of `id`, if that database is watched.
    #[must_use]
    pub fn find(&self, id: DatabaseId) -> Option<Handle> {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        databases.get(&id).map(|shared| Handle { shared: Arc::clone(shared) })
    }

    /// Returns the state shared with the monitor of `id`, and creates it if there is none.
    pub(super) fn get_or_create(&self, id: DatabaseId) -> Arc<Shared> {
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(databases.entry(id).or_default())
    }

    /// Removes `id` and ends its live streams.
    pub(super) fn remove(&self, id: DatabaseId) {
        let removed = self.databases.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(shared) = removed {
            shared.set_actor(None);
            shared.live.send_replace(Some(Live::Deleted));
        }
    }
}

impl Handle {
    /// Returns the current status of the database. Never waits.
    #[must_use]
    pub fn status(&self) -> DatabaseStatus {
        self.shared.observed.borrow().status_at(Timestamp::now())
    }

    /// Returns the newest activity; `None` when the database is disconnected or was not read yet. Never waits.
    #[must_use]
    pub fn activity(&self) -> Option<Arc<ActivitySnapshot>> {
        match &*self.shared.live.borrow() {
            Some(Live::Snapshot { snapshot, .. }) => Some(Arc::clone(snapshot)),
            _ => None,
        }
    }

    /// Returns the result of the last health check. Without current samples the score is unknown. Never waits.
    #[must_use]
    pub fn diagnosis(&self, engine: Engine) -> Arc<Diagnosis> {
        let now = Timestamp::now();
        let status = self.status();
        let disconnected =
            |why: &str| Arc::new(Diagnosis::disconnected(engine, now, status.last_seen_at, why));
        match status.status {
            Status::Connected => self
                .shared
                .fresh_diagnosis(now)
                .unwrap_or_else(|| disconnected("its health was not evaluated recently")),
            Status::Disconnected => match self.shared.observed.borrow().store_error.as_deref() {
                Some(why) => Arc::new(Diagnosis::not_stored(engine, now, status.last_seen_at, why)),
                None => disconnected(status.last_error.as_deref().unwrap_or("nothing was read from it yet")),
            },
        }
    }

    /// Returns the newest snapshot of one type for each database within the server. Snapshots stay while the server is
    /// disconnected. Never waits.
    #[must_use]
    pub fn snapshots<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.shared.snapshots()
    }

    /// Returns the newest snapshot of a type of which there is one per server. Never waits.
    #[must_use]
    pub fn snapshot<T: Snapshot>(&self) -> Option<Arc<T>> {
        self.snapshots().pop().map(|(_, snapshot)| snapshot)
    }

    /// Returns the status of every collector.
    ///
    /// # Errors
    /// [`Unavailable`] when the monitor does not reply within a second.
    pub async fn collectors(&self) -> Result<Vec<CollectorStatus>, Unavailable> {
        let actor = self.shared.actor().ok_or(Unavailable)?;
        match actor.call(Message::CollectorStatus, Some(STATUS_TIMEOUT)).await {
            Ok(CallResult::Success(statuses)) => Ok(statuses),
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(Unavailable),
        }
    }

    /// Makes every collector run now, at most once a second however often this is called. Does not wait for them.
    ///
    /// # Errors
    /// [`Unavailable`] while the monitor is being restarted.
    pub fn poll_now(&self) -> Result<(), Unavailable> {
        let actor = self.shared.actor().ok_or(Unavailable)?;
        actor.cast(Message::PollNow).map_err(|_| Unavailable)
    }

    /// Subscribes to live values, of which the caller needs one every `interval`.
    #[must_use]
    pub fn subscribe(&self, interval: Duration) -> (watch::Receiver<Option<Live>>, LiveSubscription) {
        let id = self.shared.subscribe(interval);
        (self.shared.live.subscribe(), LiveSubscription { shared: Arc::clone(&self.shared), id })
    }
}
