//! What outlives one incarnation of a monitor: live streams and the last known status.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::watch;

use super::{Live, Message};
use crate::health::Diagnosis;
use crate::model::{AnySnapshot, DatabaseStatus, ServerDatabases, Snapshot, Snapshots, Status, Timestamp};

/// Shared by the supervisor, the monitor of the moment and everybody who asks.
pub(crate) struct Shared {
    /// The newest live value; `None` before the first look.
    pub(crate) live: watch::Sender<Option<Live>>,
    pub(crate) observed: watch::Sender<ObservedState>,
    /// What the doctor said last.
    pub(crate) diagnosis: watch::Sender<Option<Arc<Diagnosis>>>,
    snapshots: RwLock<Snapshots>,
    actor: RwLock<Option<ActorRef<Message>>>,
    subscribers: Mutex<HashMap<u64, Duration>>,
    last_seq: AtomicU64,
    last_subscriber: AtomicU64,
}

/// What the last polls found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObservedState {
    pub(crate) last_seen_at: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
    /// Why what was read last is not stored, if it is not.
    pub(crate) store_error: Option<String>,
    pub(crate) engine_version: Option<String>,
    /// How long after `last_seen_at` the database still counts as connected.
    pub(crate) stale_after: Duration,
}

impl ObservedState {
    /// The status at `now`: a failed connection or too long a silence means disconnected.
    pub(crate) fn at(&self, now: Timestamp) -> DatabaseStatus {
        let fresh = self.last_seen_at.is_some_and(|seen| now.since(seen) <= self.stale_after);
        let connected = fresh && self.last_error.is_none();
        DatabaseStatus {
            status: if connected { Status::Connected } else { Status::Disconnected },
            last_seen_at: self.last_seen_at,
            last_error: self.last_error.clone().or_else(|| self.store_error.clone().filter(|_| !fresh)),
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
    /// The monitor of the moment.
    pub(crate) fn actor(&self) -> Option<ActorRef<Message>> {
        self.actor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_actor(&self, actor: Option<ActorRef<Message>>) {
        *self.actor.write().unwrap_or_else(PoisonError::into_inner) = actor;
    }

    /// Keeps what was seen last, each with the database within the server.
    pub(crate) fn put_snapshots(&self, seen: Vec<(String, AnySnapshot)>) {
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        seen.into_iter().for_each(|(database, seen)| snapshots.put(&database, seen));
    }

    /// Forgets what was seen in databases that are not watched any more.
    pub(crate) fn keep_only(&self, databases: &ServerDatabases) {
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        let is_watched = |name: &str| {
            *name == *databases.connected || databases.others.iter().any(|other| **other == *name)
        };
        snapshots.retain(is_watched);
    }

    /// What was seen last, by the database within the server.
    pub(crate) fn snapshots<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.snapshots.read().unwrap_or_else(PoisonError::into_inner).all()
    }

    /// What the doctor said last, unless that was too long ago.
    pub(crate) fn fresh_diagnosis(&self, now: Timestamp) -> Option<Arc<Diagnosis>> {
        let stale_after = self.observed.borrow().stale_after;
        let last = self.diagnosis.borrow().clone();
        last.filter(|last| last.score.is_some() && now.since(last.computed_at) <= stale_after)
    }

    /// All that was seen last.
    pub(super) fn all_snapshots(&self) -> Snapshots {
        self.snapshots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of the next snapshot.
    pub(crate) fn next_seq(&self) -> u64 {
        self.last_seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a subscriber, and lets the monitor know that somebody may want it faster.
    pub(crate) fn subscribe(&self, interval: Duration) -> u64 {
        let id = self.last_subscriber.fetch_add(1, Ordering::Relaxed);
        self.change_subscribers(|subscribers| subscribers.insert(id, interval));
        id
    }

    pub(crate) fn unsubscribe(&self, id: u64) {
        self.change_subscribers(|subscribers| subscribers.remove(&id));
    }

    /// The shortest interval that a subscriber asks for.
    pub(crate) fn shortest_interval(&self) -> Option<Duration> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
    }

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
    fn connected_means_seen_lately_and_no_failure_since() {
        let seen = |ms: i64, error: Option<&str>| {
            let observed = ObservedState {
                last_seen_at: Some(Timestamp(ms)),
                last_error: error.map(str::to_owned),
                store_error: None,
                engine_version: None,
                stale_after: Duration::from_secs(15),
            };
            observed.at(Timestamp(100_000)).status
        };
        assert_eq!(seen(90_000, None), Status::Connected);
        assert_eq!(seen(84_000, None), Status::Disconnected);
        assert_eq!(seen(99_000, Some("refused")), Status::Disconnected);
        assert_eq!(ObservedState::default().at(Timestamp(0)).status, Status::Disconnected);
    }

    #[test]
    fn the_fastest_subscriber_counts() {
        let shared = Shared::default();
        assert_eq!(shared.shortest_interval(), None);
        shared.subscribe(Duration::from_secs(5));
        let fast = shared.subscribe(Duration::from_secs(1));
        assert_eq!(shared.shortest_interval(), Some(Duration::from_secs(1)));
        shared.unsubscribe(fast);
        assert_eq!(shared.shortest_interval(), Some(Duration::from_secs(5)));
    }
}
