//! What rules evaluate: the latest snapshots, and stored samples.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Need, Unknown};
use crate::model::{
    ActivitySnapshot, CollectorState, CollectorStatus, Engine, History, Snapshots, Status, Stream, Timestamp,
};

/// All facts about one database at one moment.
pub struct Facts {
    /// Basira's clock.
    pub at: Timestamp,
    pub engine: Engine,
    pub status: Status,
    /// Why there is no connection.
    pub last_error: Option<String>,
    /// Why the last samples are not stored.
    pub store_error: Option<String>,
    pub snapshots: Snapshots,
    pub activity: Option<Arc<ActivitySnapshot>>,
    pub collectors: Vec<CollectorStatus>,
    /// By how much the server's clock is ahead of Basira's.
    pub skew_ms: Option<i64>,
    pub past: BTreeMap<HistoryKey, Arc<History>>,
}

/// A window of a stream, relative to the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryKey {
    pub stream: &'static str,
    pub window: Duration,
    /// How long ago it ended.
    pub ago: Duration,
    /// Whether its course is needed too.
    pub course: bool,
}

impl HistoryKey {
    /// Returns the window that `need` is about; none for the latest snapshot.
    #[must_use]
    pub const fn by(need: Need, window: Duration, baseline: Duration) -> Option<(Self, &'static Stream)> {
        let (stream, ago, course) = match need {
            Need::Now(_) => return None,
            Need::Totals(_, stream) => (stream, Duration::ZERO, false),
            Need::Course(_, stream) => (stream, Duration::ZERO, true),
            Need::Baseline(_, stream) => (stream, baseline, false),
        };
        Some((Self { stream: stream.name, window, ago, course }, stream))
    }
}

/// A snapshot is stale when it is older than this many intervals of its collector,
const STALE_INTERVALS: u64 = 3;
/// and older than this.
const STALE_SECONDS: u64 = 30;

impl Facts {
    /// Checks that the collector of each of `needs` has succeeded recently.
    ///
    /// # Errors
    /// [`Unknown`] with the reason when one has not.
    pub(super) fn check_needs(&self, needs: &[Need]) -> Result<(), Unknown> {
        needs.iter().try_for_each(|need| self.check_fresh(need.collector()))
    }

    /// Checks that no collector in `needs` has rows hidden from it: then that nothing was found means nothing.
    ///
    /// # Errors
    /// [`Unknown`] with what is hidden.
    pub(super) fn check_complete(&self, needs: &[Need]) -> Result<(), Unknown> {
        let lines = needs.iter().filter_map(|need| self.collector_status(need.collector()).ok());
        match lines.into_iter().find(|line| line.hides) {
            Some(line) => {
                let reason = line.reason.as_deref().unwrap_or("not everything is visible");
                Err(Unknown(format!("{}: {reason}", line.name)))
            }
            None => Ok(()),
        }
    }

    fn check_fresh(&self, collector: &str) -> Result<(), Unknown> {
        let line = self.collector_status(collector)?;
        let reason = || line.reason.clone().unwrap_or_else(|| "has not succeeded yet".to_owned());
        match line.state {
            CollectorState::Disabled => Err(Unknown(format!("{collector} is disabled"))),
            CollectorState::Skipped | CollectorState::Failing => {
                Err(Unknown(format!("{collector}: {}", reason())))
            }
            CollectorState::Ok => {
                let max_age = (line.interval_seconds * STALE_INTERVALS).max(STALE_SECONDS);
                let max_age = Duration::from_secs(max_age);
                match line.last_success_at {
                    Some(seen) if self.at.since(seen) <= max_age => Ok(()),
                    _ => Err(Unknown(format!("the last result of {collector} is too old"))),
                }
            }
        }
    }

    /// The status of one collector.
    pub(super) fn collector_status(&self, collector: &str) -> Result<&CollectorStatus, Unknown> {
        let line = self.collectors.iter().find(|line| line.name == collector);
        line.ok_or_else(|| Unknown(format!("{collector} does not run here")))
    }
}
