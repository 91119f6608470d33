//! What happens by itself: sealing, rolling up, dropping; never in the way of appends and reads.

mod cap;
mod context;
mod dictionaries;
mod failures;
mod organization_sizes;
mod retention;
mod rollup;
pub(super) mod seal;

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use tokio_util::sync::CancellationToken;

use self::context::DAY_MS;
pub(super) use self::context::{Appended, Maintenance, Pace};
use self::failures::Failures;
use crate::samples::StoreError;
use crate::samples::local::newest_sample;

/// In unit tests never: their samples are of another year, and they say themselves when it is due.
const INTERVAL: Duration = Duration::from_secs(if cfg!(test) { 24 * 3600 } else { 60 });

impl Maintenance {
    /// Keeps order once a minute until told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let due = || async {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.appended.much.notified() => {}
            }
        };
        while stop.run_until_cancelled(due()).await.is_some() {
            let kept = self.keep(Timestamp::now(), Pace::Gentle);
            if let Some(Err(error)) = stop.run_until_cancelled(kept).await {
                tracing::warn!(%error, "the upkeep of the sample store failed; samples stay readable, and it is tried again");
            }
        }
    }

    /// Does everything that is due at `now`, unless the clock has leapt there; what fails does not hold up the rest.
    pub(super) async fn keep(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        let mut upkeep = self.upkeep.lock().await;
        let now = upkeep.clock.trusted_time(now, newest_sample(&self.reader).await?);
        let mut failures = Failures::default();
        failures.note(seal::seal(&self.reader, &self.pen, now).await.map(drop))?;
        failures.note(self.make_room(now, pace).await)?;
        failures.note(rollup::roll_up(self, now, pace).await)?;
        failures.note(retention::expired(self, now).await)?;
        failures.note(self.make_room(now, pace).await)?;
        if upkeep.swept.is_none_or(|last| now.as_millis() - last.as_millis() >= DAY_MS) {
            failures.note(dictionaries::sweep(self, now).await)?;
            // what failed is due again tomorrow: sweeping reads a lot
            upkeep.swept = Some(now);
        }
        failures.finish()
    }

    async fn make_room(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        retention::clear(self, now, pace).await?;
        cap::above_cap(self, now, pace).await?;
        retention::give_back(self, pace).await
    }
}
