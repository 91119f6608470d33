//! The current session and role of the person of an access token. A token holds those of the time when it was signed; a
//! revocation since takes effect at once in this process, and within [`KNOWN_FOR`] when another process made it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use basira_actors::model::OrganizationId;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::storage::store::Standing;
use crate::storage::{Storage, StorageError};
use parking_lot::Mutex;

/// How long a session is cached.
const KNOWN_FOR: Duration = Duration::from_secs(1);
const MOST_KNOWN: usize = 10_000;

/// How many changes are queued for each open stream; a stream that missed some checks its access.
const MOST_WAITING: usize = 64;

/// Whose access was changed or revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessSubject {
    Session(Uuid),
    User(Uuid),
    ApiKey(Uuid),
    Organization(OrganizationId),
}

/// A cache of sessions, and a broadcast of the changes that make entries of it stale.
#[derive(Debug)]
pub(super) struct AccessCache {
    known: Mutex<Known>,
    changes: broadcast::Sender<AccessSubject>,
}

#[derive(Debug, Default)]
struct Known {
    /// Counts the changes: what was read before the last one is not cached.
    change: u64,
    by_session: HashMap<(Uuid, Uuid), (Option<Standing>, Instant)>,
}

impl Default for AccessCache {
    fn default() -> Self {
        Self { known: Mutex::default(), changes: broadcast::Sender::new(MOST_WAITING) }
    }
}

impl AccessCache {
    /// How the person stands; none when it or the session is gone.
    pub(super) async fn of(
        &self,
        storage: &Storage,
        user_id: Uuid,
        session_id: Uuid,
    ) -> Result<Option<Standing>, StorageError> {
        let key = (user_id, session_id);
        let change = {
            let known = self.known.lock();
            if let Some((standing, until)) = known.by_session.get(&key)
                && *until > Instant::now()
            {
                return Ok(standing.clone());
            }
            known.change
        };
        let standing = storage.standing(user_id, session_id).await?;
        let mut known = self.known.lock();
        if known.change == change {
            known.make_room();
            known.by_session.insert(key, (standing.clone(), Instant::now() + KNOWN_FOR));
        }
        Ok(standing)
    }

    /// Empties the cache, and notifies the open streams, which check their access if they belong to the subject.
    pub(super) fn changed(&self, whose: AccessSubject) {
        let mut known = self.known.lock();
        known.change += 1;
        known.by_session.clear();
        drop(known);
        // fails while no stream is open, because there are no receivers
        let _ = self.changes.send(whose);
    }

    /// Subscribes to the changes from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<AccessSubject> {
        self.changes.subscribe()
    }
}

impl Known {
    fn make_room(&mut self) {
        if self.by_session.len() < MOST_KNOWN {
            return;
        }
        let now = Instant::now();
        self.by_session.retain(|_, (_, until)| *until > now);
        if self.by_session.len() >= MOST_KNOWN {
            self.by_session.clear();
        }
    }
}
