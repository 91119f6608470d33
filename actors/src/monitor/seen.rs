//! Writes what the polls of one database learn of it into the registry: one write after the other, the newest last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::DatabaseId;
use crate::ports::{Sighting, TargetSource};

/// A database that stays as it is is noted this often. So is what could not be written before.
const REPEAT_EVERY: Duration = Duration::from_secs(30);

/// Takes what is learned, and leaves out what is known already. Its task ends with it.
pub(super) struct SeenRecorder {
    newest: watch::Sender<Option<Sighting>>,
    recorded: Option<(Instant, Sighting)>,
}

impl SeenRecorder {
    pub(super) fn start(source: Arc<dyn TargetSource>, id: DatabaseId) -> Self {
        let (newest, unwritten) = watch::channel(None);
        tokio::spawn(write(source, id, unwritten));
        Self { newest, recorded: None }
    }

    /// Lets `sighting` be written when it changed, or is due.
    pub(super) fn record(&mut self, sighting: Sighting, now: Instant) {
        let is_known = self.recorded.as_ref().is_some_and(|(at, recorded)| {
            now.duration_since(*at) < REPEAT_EVERY
                && recorded.last_error == sighting.last_error
                && recorded.engine_version == sighting.engine_version
                && recorded.last_seen_at.is_some() == sighting.last_seen_at.is_some()
        });
        if !is_known {
            self.recorded = Some((now, sighting.clone()));
            self.newest.send_replace(Some(sighting));
        }
    }
}

async fn write(
    source: Arc<dyn TargetSource>,
    id: DatabaseId,
    mut unwritten: watch::Receiver<Option<Sighting>>,
) {
    while unwritten.changed().await.is_ok() {
        let Some(sighting) = unwritten.borrow_and_update().clone() else { continue };
        if let Err(error) = source.sighted(id, sighting).await {
            // a storage that takes no writes says so itself, once for all databases
            tracing::debug!(db.id = %id, %error, "when the database was seen last was not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::model::{Checkup, Target, Timestamp};
    use crate::ports::SourceError;

    /// A registry whose first write takes longest.
    struct Slow {
        written: Mutex<Vec<Option<String>>>,
        turns: Semaphore,
    }

    #[async_trait]
    impl TargetSource for Slow {
        async fn all(&self) -> Result<Vec<Target>, SourceError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: DatabaseId) -> Result<Option<Target>, SourceError> {
            Ok(None)
        }

        async fn sighted(&self, _: DatabaseId, sighting: Sighting) -> Result<(), SourceError> {
            self.turns.acquire().await.unwrap().forget();
            self.written.lock().unwrap().push(sighting.last_error);
            Ok(())
        }

        async fn examined(&self, _: DatabaseId, _: Checkup) -> Result<(), SourceError> {
            Ok(())
        }
    }

    fn failing(error: &str) -> Sighting {
        Sighting {
            last_seen_at: Some(Timestamp(1)),
            last_error: Some(error.to_owned()),
            engine_version: None,
        }
    }

    #[tokio::test]
    async fn a_slow_write_is_not_overtaken_and_the_newest_is_the_last() {
        let source = Arc::new(Slow { written: Mutex::default(), turns: Semaphore::new(0) });
        let mut recorder = SeenRecorder::start(Arc::clone(&source) as _, DatabaseId::generate());
        let now = Instant::now();
        for error in ["first", "second", "third", "third"] {
            recorder.record(failing(error), now);
            tokio::task::yield_now().await;
        }
        source.turns.add_permits(10);
        while source.written.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        let written = source.written.lock().unwrap().clone();
        assert_eq!(written, [Some("first".to_owned()), Some("third".to_owned())]);
    }
}
