//! What rules may look at: what the collectors brought, and what is stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Need, Rule, Unknown};
use crate::model::{
    ActivitySnapshot, CollectorState, CollectorStatus, Engine, History, Snapshots, Status, Stream, Timestamp,
};

/// Everything that is known of one database at one moment.
pub struct Facts {
    /// Basira's clock.
    pub at: Timestamp,
    pub engine: Engine,
    pub status: Status,
    /// Why there is no connection, if there is none.
    pub last_error: Option<String>,
    /// Why what was read last is not stored, if it is not.
    pub store_error: Option<String>,
    pub snapshots: Snapshots,
    pub activity: Option<Arc<ActivitySnapshot>>,
    pub collectors: Vec<CollectorStatus>,
    /// How far the server's clock is ahead of Basira's.
    pub skew_ms: Option<i64>,
    pub past: BTreeMap<HistoryKey, Arc<History>>,
}

/// A span of a stream, relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryKey {
    pub stream: &'static str,
    pub window: Duration,
    /// How long ago it ended.
    pub ago: Duration,
    /// Whether also how it went.
    pub course: bool,
}

impl HistoryKey {
    /// What `need` asks for, if it is about a span.
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

/// A collector may be this many intervals late before what it saw is stale.
const STALE_INTERVALS: u64 = 3;
/// And never less late than this.
const STALE_SECONDS: u64 = 30;

impl Facts {
    /// Whether everything that `rule` needs of collectors is there and fresh.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn serves(&self, rule: &Rule) -> Result<(), Unknown> {
        rule.needs.iter().try_for_each(|need| self.fresh(need.collector()))
    }

    fn fresh(&self, collector: &str) -> Result<(), Unknown> {
        let line = self.line(collector)?;
        let reason = || line.reason.clone().unwrap_or_else(|| "has not worked yet".to_owned());
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
                    _ => Err(Unknown(format!("what {collector} saw last is too old"))),
                }
            }
        }
    }

    /// The status of one collector.
    pub(super) fn line(&self, collector: &str) -> Result<&CollectorStatus, Unknown> {
        let line = self.collectors.iter().find(|line| line.name == collector);
        line.ok_or_else(|| Unknown(format!("{collector} does not run here")))
    }
}
