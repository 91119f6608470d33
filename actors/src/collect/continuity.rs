//! Whether two samples may be subtracted from each other.

use std::time::Duration;

use super::Change;
use crate::model::{GapReason, NULL, Timestamp};

/// A period whose samples are missing, or whose changes cannot be dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundGap {
    /// None: the end of what is stored.
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    pub reason: GapReason,
}

/// The period in which counters only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// When the server process started.
    pub started_at: Timestamp,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// When the counters were last set to zero.
    pub reset_at: Option<Timestamp>,
    /// The number of times the server has evicted entries.
    pub evictions: i64,
}

/// The time of a sample by the server's clock, and the epoch of its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub at: Timestamp,
    pub epoch: Epoch,
}

/// How a sample relates to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// There is nothing to subtract from: this sample is the baseline.
    Baseline { gap: Option<(Option<Timestamp>, GapReason)> },
    /// Counters started at zero at `from`: their values are the increase since then.
    SinceReset { from: Timestamp, gap: GapReason },
    /// Counters increased since `from`. With a gap, part of what happened between the samples is missing or undated.
    Delta { from: Timestamp, gap: Option<GapReason> },
}

impl Continuity {
    /// Compares a sample with the one before. One that comes more than `max_interval` later leaves a gap.
    ///
    /// A restart keeps the counters of `pg_stat_statements` (unless it was a crash, and then `reset_at` moves); so does a
    /// promotion. Verified on PostgreSQL 14 to 18 by killing, restarting and promoting servers.
    #[must_use]
    pub fn between(previous: Option<Mark>, current: Mark, max_interval: Duration) -> Self {
        let Some(previous) = previous else {
            return Self::Baseline { gap: Some((None, GapReason::NotWatched)) };
        };
        let (before, now) = (previous.epoch, current.epoch);
        let restarted = before.started_at != now.started_at;
        let changed = Self::Baseline { gap: Some((Some(previous.at), GapReason::ServerChanged)) };
        if current.at < previous.at || (restarted && before.in_recovery != now.in_recovery) {
            return changed;
        }
        if before.reset_at != now.reset_at {
            return match now.reset_at {
                Some(reset_at) if reset_at > previous.at && reset_at <= current.at => {
                    let gap = if restarted { GapReason::Restarted } else { GapReason::CountersReset };
                    Self::SinceReset { from: reset_at, gap }
                }
                _ => changed,
            };
        }
        let gap = if restarted {
            Some(GapReason::Restarted)
        } else if before.evictions != now.evictions {
            Some(GapReason::Evicted)
        } else if current.at.since(previous.at) > max_interval {
            Some(GapReason::Unreachable)
        } else {
            None
        };
        Self::Delta { from: previous.at, gap }
    }

    /// Returns where the record of a sample taken at `at` begins, and the gap since the `previous` sample. A baseline
    /// begins nowhere.
    #[must_use]
    pub fn span(self, previous: Option<Timestamp>, at: Timestamp) -> (Option<Timestamp>, Option<FoundGap>) {
        let until_now = |from: Option<Timestamp>, reason| FoundGap { from, to: at, reason };
        match self {
            Self::Baseline { gap } => (None, gap.map(|(from, reason)| until_now(from, reason))),
            Self::SinceReset { from, gap } => {
                (Some(from), Some(FoundGap { from: previous, to: from, reason: gap }))
            }
            Self::Delta { from, gap } => (Some(from), gap.map(|reason| until_now(Some(from), reason))),
        }
    }

    /// Returns the increase of one row, whose counters are `values` now; none when it is not known.
    #[must_use]
    pub fn delta<const N: usize>(self, change: Change<N>, values: [i64; N]) -> Option<[i64; N]> {
        match (self, change) {
            (Self::Baseline { .. }, _) => None,
            (Self::SinceReset { .. }, _) => Some(values),
            // a restarted server may have read back old counters: it is not known since when they count
            (Self::Delta { gap: Some(GapReason::Restarted), .. }, Change::Recreated(_)) => None,
            (Self::Delta { .. }, Change::Same) => {
                Some(values.map(|value| if value == NULL { NULL } else { 0 }))
            }
            (Self::Delta { .. }, Change::Grown(delta) | Change::New(delta) | Change::Recreated(delta)) => {
                Some(delta)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, started: i64, reset: i64, evictions: i64, in_recovery: bool) -> Mark {
        let epoch = Epoch {
            started_at: Timestamp(started),
            in_recovery,
            reset_at: Some(Timestamp(reset)),
            evictions,
        };
        Mark { at: Timestamp(at), epoch }
    }

    #[test]
    fn samples_are_compared_by_epoch_and_time() {
        let before = mark(100_000, 10, 20, 3, false);
        let since = |from, gap| Continuity::SinceReset { from: Timestamp(from), gap };
        let delta = |gap| Continuity::Delta { from: Timestamp(100_000), gap };
        let changed =
            Continuity::Baseline { gap: Some((Some(Timestamp(100_000)), GapReason::ServerChanged)) };
        let cases = [
            ("same epoch", mark(110_000, 10, 20, 3, false), delta(None)),
            ("promoted", mark(110_000, 10, 20, 3, true), delta(None)),
            ("late", mark(200_000, 10, 20, 3, false), delta(Some(GapReason::Unreachable))),
            ("evictions", mark(110_000, 10, 20, 4, false), delta(Some(GapReason::Evicted))),
            ("clean restart", mark(110_000, 105_000, 20, 3, false), delta(Some(GapReason::Restarted))),
            ("reset", mark(110_000, 10, 104_000, 0, false), since(104_000, GapReason::CountersReset)),
            ("crash", mark(110_000, 103_000, 104_000, 0, false), since(104_000, GapReason::Restarted)),
            ("another server, old reset", mark(110_000, 5, 15, 0, false), changed),
            ("another server, a standby", mark(110_000, 5, 20, 3, true), changed),
            ("the clock went back", mark(90_000, 10, 20, 3, false), changed),
        ];
        for (name, current, expected) in cases {
            assert_eq!(
                Continuity::between(Some(before), current, Duration::from_secs(30)),
                expected,
                "{name}"
            );
        }
        let first = Continuity::Baseline { gap: Some((None, GapReason::NotWatched)) };
        assert_eq!(Continuity::between(None, before, Duration::from_secs(30)), first);
    }
}
