//! The order of the steps of the maintenance.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::{Batch, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::context::{Appended, DAY_MS, Maintenance, Pace, State};
use super::failures::Failures;
use super::{cap, dictionaries, free_space, retention, rollup, seal};
use crate::samples::StoreError;
use crate::samples::local::Local;

/// In unit tests the maintenance runs only when it is called: their samples are of another year.
const INTERVAL: Duration = Duration::from_secs(if cfg!(test) { 24 * 3600 } else { 60 });

impl Maintenance {
    pub(in crate::samples) fn new(local: Arc<Local>) -> Self {
        Self { local, state: Mutex::new(State::default()), appended: Appended::default() }
    }

    /// Runs once a minute, or earlier when much was appended, until `stop` is cancelled.
    pub(in crate::samples) async fn run(&self, stop: CancellationToken) {
        let due = || async {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.appended.is_due.notified() => {}
            }
        };
        while stop.run_until_cancelled(due()).await.is_some() {
            let maintained = self.maintain(Timestamp::now(), Pace::Half);
            if let Some(Err(error)) = stop.run_until_cancelled(maintained).await {
                tracing::warn!(%error, "the maintenance of the sample store failed; samples stay readable, and it is tried again");
            }
        }
    }

    /// Counts what is about to be appended.
    pub(in crate::samples) fn before_append(&self, batch: &Batch) {
        self.appended.count(batch, self.local.retention.get().max_bytes);
    }

    /// Does everything that is due at `now`, or at the time before the clock jumped there. A step that fails does not
    /// keep the later ones from being done.
    pub(in crate::samples) async fn maintain(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let now = state.clock.trusted_time(now, self.local.newest_sample().await?);
        let mut failures = Failures::default();
        failures.note(seal::seal(self, now).await.map(drop))?;
        failures.note(self.free_space(now, pace).await)?;
        failures.note(rollup::roll_up(self, now, pace).await)?;
        failures.note(retention::delete_expired(self, now).await)?;
        failures.note(self.free_space(now, pace).await)?;
        if state.dictionaries_cleaned_at.is_none_or(|last| now.as_millis() - last.as_millis() >= DAY_MS) {
            failures.note(dictionaries::delete_unused(self, now).await)?;
            // also after a failure, since it reads a lot: the next day it is tried again
            state.dictionaries_cleaned_at = Some(now);
        }
        failures.finish()
    }

    async fn free_space(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        free_space::delete_orphans(self, now, pace).await?;
        cap::enforce(self, now, pace).await?;
        free_space::shrink_file(self, pace).await
    }

    #[cfg(test)]
    pub(in crate::samples) async fn believe_clock(&self, now: Timestamp) {
        self.state.lock().await.clock.reset(now);
    }

    #[cfg(test)]
    pub(in crate::samples) async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        seal::seal(self, now).await
    }
}
