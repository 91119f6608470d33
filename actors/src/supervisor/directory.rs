//! Where the outside finds the actor of a database.

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

/// How long a monitor may take to describe itself; it never waits for I/O itself.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

/// Finds the actor of each database; cheap to clone.
#[derive(Clone, Default)]
pub struct Directory {
    databases: Arc<RwLock<HashMap<DatabaseId, Arc<Shared>>>>,
}

/// One database's actor, here or elsewhere; outlives its restarts.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// The actor did not answer in time, or is being restarted: ask again in a second.
#[derive(Debug, thiserror::Error)]
#[error("the monitor of this database is restarting")]
pub struct Unavailable;

/// While this lives, the activity is looked at often enough for its interval.
pub struct Subscription {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Subscription {
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
    /// The actor of `id`, if that database is watched.
    #[must_use]
    pub fn find(&self, id: DatabaseId) -> Option<Handle> {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        databases.get(&id).map(|shared| Handle { shared: Arc::clone(shared) })
    }

    /// What is shared with the monitors of `id`, made when it is not there yet.
    pub(super) fn get_or_create(&self, id: DatabaseId) -> Arc<Shared> {
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(databases.entry(id).or_default())
    }

    /// Takes `id` out, and ends its live streams.
    pub(super) fn remove(&self, id: DatabaseId) {
        let removed = self.databases.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(shared) = removed {
            shared.set_actor(None);
            shared.live.send_replace(Some(Live::Deleted));
        }
    }
}

impl Handle {
    /// What is known of the database now; never waits.
    #[must_use]
    pub fn status(&self) -> DatabaseStatus {
        self.shared.observed.borrow().at(Timestamp::now())
    }

    /// The newest activity, `None` when the database is away or not looked at yet; never waits.
    #[must_use]
    pub fn activity(&self) -> Option<Arc<ActivitySnapshot>> {
        match &*self.shared.live.borrow() {
            Some(Live::Snapshot { snapshot, .. }) => Some(Arc::clone(snapshot)),
            _ => None,
        }
    }

    /// What the doctor said last, while the database is connected; never waits. Without fresh samples nothing is known.
    #[must_use]
    pub fn diagnosis(&self, engine: Engine) -> Arc<Diagnosis> {
        let now = Timestamp::now();
        let status = self.status();
        let away = |why: &str| Arc::new(Diagnosis::disconnected(engine, now, status.last_seen_at, why));
        match status.status {
            Status::Connected => {
                self.shared.fresh_diagnosis(now).unwrap_or_else(|| away("it was not examined lately"))
            }
            Status::Disconnected => match self.shared.observed.borrow().store_error.as_deref() {
                Some(why) => Arc::new(Diagnosis::not_stored(engine, now, status.last_seen_at, why)),
                None => away(status.last_error.as_deref().unwrap_or("nothing was read from it yet")),
            },
        }
    }

    /// What was seen last of one kind, by the database within the server; stays when the server is away. Never waits.
    #[must_use]
    pub fn snapshots<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.shared.snapshots()
    }

    /// What was seen last of a kind of which the server has one.
    #[must_use]
    pub fn snapshot<T: Snapshot>(&self) -> Option<Arc<T>> {
        self.snapshots().pop().map(|(_, newest)| newest)
    }

    /// One line per collector, asked of the actor.
    ///
    /// # Errors
    /// [`Unavailable`] when it does not answer within a second.
    pub async fn collectors(&self) -> Result<Vec<CollectorStatus>, Unavailable> {
        let actor = self.shared.actor().ok_or(Unavailable)?;
        match actor.call(Message::CollectorStatus, Some(STATUS_TIMEOUT)).await {
            Ok(CallResult::Success(lines)) => Ok(lines),
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(Unavailable),
        }
    }

    /// Lets every collector run now, at most once a second however often this is asked; never waits for them.
    ///
    /// # Errors
    /// [`Unavailable`] while the actor is being restarted.
    pub fn poll_now(&self) -> Result<(), Unavailable> {
        let actor = self.shared.actor().ok_or(Unavailable)?;
        actor.cast(Message::PollNow).map_err(|_| Unavailable)
    }

    /// Follows the live values; `interval` is how often the caller wants one.
    #[must_use]
    pub fn subscribe(&self, interval: Duration) -> (watch::Receiver<Option<Live>>, Subscription) {
        let id = self.shared.subscribe(interval);
        (self.shared.live.subscribe(), Subscription { shared: Arc::clone(&self.shared), id })
    }
}
