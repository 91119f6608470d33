//! When counters of relations were read, and whether they may be subtracted from the previous ones.

use std::time::Duration;

use crate::collect::{CellError, Continuity, Cursor, Epoch, Mark, Server};
use crate::model::{GapReason, Timestamp};

/// A sample this much later than the previous one leaves a gap: its changes are known, but not dated.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// The time of a sample, and what shows whether its counters continue the previous ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountedMark {
    mark: Mark,
    /// The transactions of the database: they decrease only when all counters are reset.
    commits: i64,
    system_identifier: Option<i64>,
}

impl CountedMark {
    pub(super) fn read(server: &Server, cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        let at = cursor.required_timestamp()?;
        let reset_at = cursor.timestamp()?;
        let in_recovery = cursor.bool()?.unwrap_or_default();
        let commits = cursor.i64()?.unwrap_or(0);
        let epoch = Epoch { started_at: server.started_at, in_recovery, reset_at, evictions: 0 };
        Ok(Self { mark: Mark { at, epoch }, commits, system_identifier: server.system_identifier })
    }

    pub(super) fn at(self) -> Timestamp {
        self.mark.at
    }

    pub(super) fn reset_at(self) -> Option<Timestamp> {
        self.mark.epoch.reset_at
    }

    pub(super) fn in_recovery(self) -> bool {
        self.mark.epoch.in_recovery
    }
}

/// As [`Continuity::between`], for counters whose reset time is unreliable: resetting those of one table moves it too, and a
/// crash, which sets all to zero, sets it to null. The database's own transaction counter decides instead.
pub(super) fn continuity(previous: Option<CountedMark>, current: CountedMark) -> Continuity {
    let Some(before) = previous else { return Continuity::between(None, current.mark, MAX_INTERVAL) };
    let (old, new) = (before.mark, current.mark);
    let restarted = old.epoch.started_at != new.epoch.started_at;
    let other_system = before.system_identifier != current.system_identifier;
    let other_role = restarted && old.epoch.in_recovery != new.epoch.in_recovery;
    if other_system || other_role || new.at < old.at {
        return Continuity::Baseline { gap: Some((Some(old.at), GapReason::ServerChanged)) };
    }
    if current.commits < before.commits {
        let within = |stamp: &Timestamp| *stamp > old.at && *stamp <= new.at;
        let started_at = restarted.then_some(new.epoch.started_at);
        let from = new.epoch.reset_at.filter(within).or(started_at.filter(within)).unwrap_or(old.at);
        let gap = if restarted { GapReason::Restarted } else { GapReason::CountersReset };
        return Continuity::SinceReset { from, gap };
    }
    let epoch = Epoch { reset_at: old.epoch.reset_at, ..new.epoch };
    Continuity::between(Some(old), Mark { epoch, ..new }, MAX_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, started: i64, reset: Option<i64>, commits: i64) -> CountedMark {
        let epoch = Epoch {
            started_at: Timestamp(started),
            in_recovery: false,
            reset_at: reset.map(Timestamp),
            evictions: 0,
        };
        CountedMark { mark: Mark { at: Timestamp(at), epoch }, commits, system_identifier: Some(7) }
    }

    #[test]
    fn only_a_fallen_count_of_transactions_means_that_all_counters_are_new() {
        let before = mark(100_000, 10, Some(20), 50);
        let since = |from, gap| Continuity::SinceReset { from: Timestamp(from), gap };
        let delta = |gap| Continuity::Delta { from: Timestamp(100_000), gap };
        let changed =
            Continuity::Baseline { gap: Some((Some(Timestamp(100_000)), GapReason::ServerChanged)) };
        let cases = [
            ("nothing", mark(110_000, 10, Some(20), 50), delta(None)),
            ("one table was reset", mark(110_000, 10, Some(105_000), 51), delta(None)),
            ("all were reset", mark(110_000, 10, Some(105_000), 1), since(105_000, GapReason::CountersReset)),
            ("a backend was killed", mark(110_000, 10, None, 1), since(100_000, GapReason::CountersReset)),
            ("a crash and a start", mark(110_000, 104_000, None, 1), since(104_000, GapReason::Restarted)),
            ("a clean restart", mark(110_000, 104_000, Some(20), 51), delta(Some(GapReason::Restarted))),
            ("the clock went back", mark(90_000, 10, Some(20), 51), changed),
            (
                "another server",
                CountedMark { system_identifier: Some(8), ..mark(110_000, 10, Some(20), 51) },
                changed,
            ),
        ];
        for (name, current, expected) in cases {
            assert_eq!(continuity(Some(before), current), expected, "{name}");
        }
    }
}
