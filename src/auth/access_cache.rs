//! What the person of an access token may do now. The token says what was so when it was signed; what was taken away
//! since counts at once in this process, and within [`KNOWN_FOR`] where another process did it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use basira_actors::model::OrganizationId;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::storage::store::Standing;
use crate::storage::{Storage, StorageError};
use parking_lot::Mutex;

/// How long what was read is believed.
const KNOWN_FOR: Duration = Duration::from_secs(1);
const MOST_KNOWN: usize = 10_000;

/// How many changes may wait for an open stream to look; one that missed some looks whatever they were.
const MOST_WAITING: usize = 64;

/// From whom something was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessSubject {
    Session(Uuid),
    User(Uuid),
    ApiKey(Uuid),
    Organization(OrganizationId),
}

/// What was read of late, and what is taken away.
#[derive(Debug)]
pub(super) struct AccessCache {
    known: Mutex<Known>,
    changes: broadcast::Sender<AccessSubject>,
}

#[derive(Debug, Default)]
struct Known {
    /// What began to be read before the last change is not believed.
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

    /// Whoever asks next reads anew, and the open streams of `whose` look whether they may go on.
    pub(super) fn changed(&self, whose: AccessSubject) {
        let mut known = self.known.lock();
        known.change += 1;
        known.by_session.clear();
        drop(known);
        // nobody listens while no stream is open
        let _ = self.changes.send(whose);
    }

    /// What is taken away from now on.
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
