//! Whether two samples may be subtracted from each other.

use std::time::Duration;

use crate::model::{GapReason, Timestamp};

/// What stays the same while counters only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// When the server process started.
    pub started_at: Timestamp,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// When the counters were last set to zero.
    pub reset_at: Option<Timestamp>,
    /// How often the server threw entries away.
    pub evictions: i64,
}

/// A sample's place in time, by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub at: Timestamp,
    pub epoch: Epoch,
}

/// What to make of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to subtract from: this sample is the baseline.
    Baseline { gap: Option<(Option<Timestamp>, GapReason)> },
    /// Counters began at zero at `from`: their values are what happened since.
    SinceReset { from: Timestamp, gap: GapReason },
    /// Counters grew since `from`. With a gap, something between the samples was not seen as it happened.
    Delta { from: Timestamp, gap: Option<GapReason> },
}

/// Compares a sample with the one before. `patience` is how late it may come without leaving a gap.
///
/// A restart keeps the counters of `pg_stat_statements` (unless it was a crash, and then `reset_at` moves); so does a
/// promotion. Facts: PostgreSQL 14 to 18, tried by killing, restarting and promoting servers.
#[must_use]
pub fn judge(previous: Option<Mark>, current: Mark, patience: Duration) -> Verdict {
    let Some(previous) = previous else {
        return Verdict::Baseline { gap: Some((None, GapReason::NotWatched)) };
    };
    let (before, now) = (previous.epoch, current.epoch);
    let restarted = before.started_at != now.started_at;
    let changed = Verdict::Baseline { gap: Some((Some(previous.at), GapReason::ServerChanged)) };
    if current.at < previous.at || (restarted && before.in_recovery != now.in_recovery) {
        return changed;
    }
    if before.reset_at != now.reset_at {
        return match now.reset_at {
            Some(reset_at) if reset_at > previous.at && reset_at <= current.at => {
                let gap = if restarted { GapReason::Restarted } else { GapReason::CountersReset };
                Verdict::SinceReset { from: reset_at, gap }
            }
            _ => changed,
        };
    }
    let gap = if restarted {
        Some(GapReason::Restarted)
    } else if before.evictions != now.evictions {
        Some(GapReason::Evicted)
    } else if current.at.since(previous.at) > patience {
        Some(GapReason::Unreachable)
    } else {
        None
    };
    Verdict::Delta { from: previous.at, gap }
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
    fn verdicts() {
        let before = mark(100_000, 10, 20, 3, false);
        let since = |from, gap| Verdict::SinceReset { from: Timestamp(from), gap };
        let delta = |gap| Verdict::Delta { from: Timestamp(100_000), gap };
        let changed = Verdict::Baseline { gap: Some((Some(Timestamp(100_000)), GapReason::ServerChanged)) };
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
            assert_eq!(judge(Some(before), current, Duration::from_secs(30)), expected, "{name}");
        }
        let first = Verdict::Baseline { gap: Some((None, GapReason::NotWatched)) };
        assert_eq!(judge(None, before, Duration::from_secs(30)), first);
    }
}
