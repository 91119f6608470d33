//! Writes the observations of one database into the registry: one write at a time, the newest last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::DatabaseId;
use crate::ports::{Observation, TargetRegistry};

/// How often an unchanged observation is written again. A failed write is repeated then, too.
const REPEAT_EVERY: Duration = Duration::from_secs(30);

/// Passes on observations that changed to a task that writes them. The task ends when this is dropped.
pub(super) struct ObservationRecorder {
    newest: watch::Sender<Option<Observation>>,
    recorded: Option<(Instant, Observation)>,
}

impl ObservationRecorder {
    pub(super) fn start(registry: Arc<dyn TargetRegistry>, id: DatabaseId) -> Self {
        let (newest, unwritten) = watch::channel(None);
        tokio::spawn(write(registry, id, unwritten));
        Self { newest, recorded: None }
    }

    /// Has `observation` written if it changed or a repetition is due.
    pub(super) fn record(&mut self, observation: Observation, now: Instant) {
        let is_known = self.recorded.as_ref().is_some_and(|(at, recorded)| {
            now.duration_since(*at) < REPEAT_EVERY
                && recorded.last_error == observation.last_error
                && recorded.engine_version == observation.engine_version
                && recorded.last_seen_at.is_some() == observation.last_seen_at.is_some()
        });
        if !is_known {
            self.recorded = Some((now, observation.clone()));
            self.newest.send_replace(Some(observation));
        }
    }
}

async fn write(
    registry: Arc<dyn TargetRegistry>,
    id: DatabaseId,
    mut unwritten: watch::Receiver<Option<Observation>>,
) {
    while unwritten.changed().await.is_ok() {
        let Some(observation) = unwritten.borrow_and_update().clone() else { continue };
        if let Err(error) = registry.record_observation(id, observation).await {
            // the storage itself logs failed writes, once for all databases
            tracing::debug!(db.id = %id, %error, "the observed state of the database was not written to the registry");
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
    use crate::ports::RegistryError;

    /// A registry whose writes wait for a permit.
    struct Slow {
        written: Mutex<Vec<Option<String>>>,
        permits: Semaphore,
    }

    #[async_trait]
    impl TargetRegistry for Slow {
        async fn all(&self) -> Result<Vec<Target>, RegistryError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: DatabaseId) -> Result<Option<Target>, RegistryError> {
            Ok(None)
        }

        async fn record_observation(
            &self,
            _: DatabaseId,
            observation: Observation,
        ) -> Result<(), RegistryError> {
            self.permits.acquire().await.unwrap().forget();
            self.written.lock().unwrap().push(observation.last_error);
            Ok(())
        }

        async fn record_checkup(&self, _: DatabaseId, _: Checkup) -> Result<(), RegistryError> {
            Ok(())
        }
    }

    fn failing(error: &str) -> Observation {
        Observation {
            last_seen_at: Some(Timestamp(1)),
            last_error: Some(error.to_owned()),
            engine_version: None,
        }
    }

    #[tokio::test]
    async fn writes_do_not_overtake_each_other_and_the_newest_is_the_last() {
        let registry = Arc::new(Slow { written: Mutex::default(), permits: Semaphore::new(0) });
        let mut recorder = ObservationRecorder::start(Arc::clone(&registry) as _, DatabaseId::generate());
        let now = Instant::now();
        for error in ["first", "second", "third", "third"] {
            recorder.record(failing(error), now);
            tokio::task::yield_now().await;
        }
        registry.permits.add_permits(10);
        while registry.written.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        let written = registry.written.lock().unwrap().clone();
        assert_eq!(written, [Some("first".to_owned()), Some("third".to_owned())]);
    }
}
