//! The state of a database that outlives a restart of its monitor: live streams, snapshots and the last known status.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::watch;

use super::{Live, Message};
use crate::health::Diagnosis;
use crate::model::{AnySnapshot, DatabaseStatus, ServerDatabases, Snapshot, Snapshots, Status, Timestamp};

/// Shared by the supervisor, the current monitor and all readers.
pub(crate) struct Shared {
    /// The newest live value; `None` before the first one.
    pub(crate) live: watch::Sender<Option<Live>>,
    pub(crate) observed: watch::Sender<ObservedState>,
    /// The result of the last health check.
    pub(crate) diagnosis: watch::Sender<Option<Arc<Diagnosis>>>,
    snapshots: RwLock<Snapshots>,
    actor: RwLock<Option<ActorRef<Message>>>,
    subscribers: Mutex<HashMap<u64, Duration>>,
    last_seq: AtomicU64,
    last_subscriber: AtomicU64,
}

/// The state of a database as observed by the last polls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObservedState {
    pub(crate) last_seen_at: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
    /// Why the samples of the last poll are not stored, if they are not.
    pub(crate) store_error: Option<String>,
    /// Why the server answered nothing in the last poll, if it refused everything.
    pub(crate) refusal: Option<String>,
    pub(crate) engine_version: Option<String>,
    /// How long after `last_seen_at` the database still counts as connected.
    pub(crate) stale_after: Duration,
}

impl ObservedState {
    /// Returns the status at `now`: disconnected when the connection failed, or nothing was read for too long.
    pub(crate) fn status_at(&self, now: Timestamp) -> DatabaseStatus {
        let fresh = self.last_seen_at.is_some_and(|seen_at| now.since(seen_at) <= self.stale_after);
        let connected = fresh && self.last_error.is_none();
        DatabaseStatus {
            status: if connected { Status::Connected } else { Status::Disconnected },
            last_seen_at: self.last_seen_at,
            last_error: self
                .last_error
                .clone()
                .or_else(|| self.store_error.clone().or_else(|| self.refusal.clone()).filter(|_| !fresh)),
            engine_version: self.engine_version.clone(),
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            live: watch::Sender::new(None),
            observed: watch::Sender::new(ObservedState::default()),
            diagnosis: watch::Sender::new(None),
            snapshots: RwLock::default(),
            actor: RwLock::new(None),
            subscribers: Mutex::new(HashMap::new()),
            last_seq: AtomicU64::new(0),
            last_subscriber: AtomicU64::new(0),
        }
    }
}

impl Shared {
    /// Returns the current monitor.
    pub(crate) fn actor(&self) -> Option<ActorRef<Message>> {
        self.actor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_actor(&self, actor: Option<ActorRef<Message>>) {
        *self.actor.write().unwrap_or_else(PoisonError::into_inner) = actor;
    }

    /// Stores snapshots, each with the database within the server, in place of older ones.
    pub(crate) fn put_snapshots(&self, new: Vec<(String, AnySnapshot)>) {
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        new.into_iter().for_each(|(database, snapshot)| snapshots.put(&database, snapshot));
    }

    /// Removes the snapshots of databases that are no longer watched.
    pub(crate) fn keep_only(&self, databases: &ServerDatabases) {
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        let is_watched = |name: &str| {
            *name == *databases.connected || databases.others.iter().any(|other| **other == *name)
        };
        snapshots.retain(is_watched);
    }

    /// Returns the newest snapshots of one type, by the database within the server.
    pub(crate) fn snapshots<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.snapshots.read().unwrap_or_else(PoisonError::into_inner).all()
    }

    /// Returns the result of the last health check, unless that is too old.
    pub(crate) fn fresh_diagnosis(&self, now: Timestamp) -> Option<Arc<Diagnosis>> {
        let stale_after = self.observed.borrow().stale_after;
        let diagnosis = self.diagnosis.borrow().clone();
        diagnosis.filter(|last| last.score.is_some() && now.since(last.computed_at) <= stale_after)
    }

    /// Returns the newest snapshots of all types.
    pub(super) fn all_snapshots(&self) -> Snapshots {
        self.snapshots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the sequence number of the next live snapshot.
    pub(crate) fn next_seq(&self) -> u64 {
        self.last_seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a subscriber that needs a value every `interval`.
    pub(crate) fn subscribe(&self, interval: Duration) -> u64 {
        let id = self.last_subscriber.fetch_add(1, Ordering::Relaxed);
        self.change_subscribers(|subscribers| subscribers.insert(id, interval));
        id
    }

    pub(crate) fn unsubscribe(&self, id: u64) {
        self.change_subscribers(|subscribers| subscribers.remove(&id));
    }

    /// Returns the shortest interval of all subscribers.
    pub(crate) fn shortest_interval(&self) -> Option<Duration> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
    }

    /// Changes the subscribers, and tells the monitor when the shortest interval changed.
    fn change_subscribers<T>(&self, change: impl FnOnce(&mut HashMap<u64, Duration>) -> T) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        let before = subscribers.values().min().copied();
        change(&mut subscribers);
        let after = subscribers.values().min().copied();
        drop(subscribers);
        if before != after
            && let Some(actor) = self.actor()
        {
            // a monitor that is being restarted reads the subscribers when it starts
            let _ = actor.cast(Message::SubscribersChanged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_requires_a_recent_poll_without_error() {
        let status = |seen_at_ms: i64, error: Option<&str>| {
            let observed = ObservedState {
                last_seen_at: Some(Timestamp(seen_at_ms)),
                last_error: error.map(str::to_owned),
                store_error: None,
                refusal: None,
                engine_version: None,
                stale_after: Duration::from_secs(15),
            };
            observed.status_at(Timestamp(100_000)).status
        };
        assert_eq!(status(90_000, None), Status::Connected);
        assert_eq!(status(84_000, None), Status::Disconnected);
        assert_eq!(status(99_000, Some("refused")), Status::Disconnected);
        assert_eq!(ObservedState::default().status_at(Timestamp(0)).status, Status::Disconnected);
    }

    #[test]
    fn the_shortest_interval_of_all_subscribers_applies() {
        let shared = Shared::default();
        assert_eq!(shared.shortest_interval(), None);
        shared.subscribe(Duration::from_secs(5));
        let fast = shared.subscribe(Duration::from_secs(1));
        assert_eq!(shared.shortest_interval(), Some(Duration::from_secs(1)));
        shared.unsubscribe(fast);
        assert_eq!(shared.shortest_interval(), Some(Duration::from_secs(5)));
    }
}
