//! Which part of the log to read next.

use std::time::Duration;

use crate::collect::{Answer, CellError, Cursor};
use crate::model::Timestamp;

/// Rows of one moment are written within the same flush but for so much.
const JITTER: Duration = Duration::from_secs(1);
/// Twice the interval at which servers write their logs by default: what is older and not there will not come, mostly.
const PATIENCE: Duration = Duration::from_millis(15_000);
const MOST_PATIENCE: Duration = Duration::from_secs(120);
/// After a pause the log is read in parts: of this length, or a share of what is missing.
const AT_ONCE: Duration = Duration::from_secs(300);
const SHARE: u32 = 10;
/// How much is read of what was before Basira came, and of what was while it did not run.
const BEFORE: Duration = AT_ONCE;
const AWAY: Duration = Duration::from_secs(86_400);
/// What is read together; such a slice is counted again as a whole.
pub(super) const SLICE: Duration = Duration::from_secs(10);

/// How far the log was read.
#[derive(Debug, Default)]
pub(super) struct Horizon {
    read_until: Option<Timestamp>,
    /// Nothing of before this is counted: it was, by a process before this one.
    origin: Option<Timestamp>,
    newest: Option<Timestamp>,
    /// How late rows have come of late.
    lateness: Duration,
}

/// A part of the log. All three are whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// From here on slices are counted again: late rows are found.
    pub(super) since: Timestamp,
    /// After this all is new; what is before was read already.
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// The end of what was read before, when the part up to `from` is skipped.
    pub(super) given_up_from: Option<Timestamp>,
}

/// How far one node has written its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) at: Timestamp,
    /// None of the clock.
    pub(super) newest: Option<Timestamp>,
}

impl Horizon {
    pub(super) const fn resume(&mut self, stored_until: Option<Timestamp>) {
        self.read_until = stored_until;
        self.origin = stored_until;
    }

    /// What to read, given how far each node is; nothing when nothing new is complete.
    pub(super) fn next(&mut self, written: &[Written]) -> Option<Span> {
        let now = written.iter().map(|node| node.at).min()?;
        let newest = written.iter().filter_map(|node| node.newest).max();
        if newest > self.newest {
            // the oldest of the new rows is at most so old
            let lateness = self.newest.map_or(Duration::ZERO, |before| now.since(before));
            self.lateness = lateness.max(self.lateness.mul_f64(0.9)).min(MOST_PATIENCE);
            self.newest = newest;
        }
        let patience = (self.lateness * 2).clamp(PATIENCE, MOST_PATIENCE);
        let complete =
            |node: &Written| node.newest.map_or(node.at - patience, |n| (n - JITTER).max(node.at - patience));
        let nodes = written.iter().filter(|node| node.newest.is_some());
        let complete = whole_seconds(nodes.map(complete).min().unwrap_or(now - patience));

        let before = self.read_until.unwrap_or(whole_seconds(complete - BEFORE));
        let from = before.max(whole_seconds(complete - AWAY));
        let given_up_from = (from > before).then_some(before);
        let at_once = AT_ONCE.max(complete.since(from) / SHARE);
        let until = complete.min(whole_seconds(from + at_once));
        if until <= from {
            return None;
        }
        if given_up_from.is_some() || self.origin.is_none() {
            self.origin = Some(from);
        }
        let overlap = slice_start(from - patience.max(SLICE * 3));
        let since = self.origin.map_or(overlap, |origin| overlap.max(origin));
        Some(Span { since, from, until, given_up_from })
    }

    /// `span` was counted.
    pub(super) const fn read(&mut self, span: Span) {
        self.read_until = Some(span.until);
    }

    /// Where the log was read to.
    pub(super) const fn read_until(&self) -> Option<Timestamp> {
        self.read_until
    }
}

impl Written {
    /// Every node of `answer`, and the clock of the one that answered.
    pub(super) fn read(answer: &Answer<'_>) -> Result<Vec<Self>, CellError> {
        let node = |row| {
            let mut cursor = Cursor::at(answer.rows, row, 1);
            let at = cursor.required_timestamp()?;
            let newest = cursor.timestamp()?.filter(|newest| newest.as_millis() > 0);
            Ok(Self { at, newest })
        };
        (0..answer.rows.len()).map(node).collect()
    }
}

const fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp(at.as_millis().div_euclid(1000) * 1000)
}

fn slice_start(at: Timestamp) -> Timestamp {
    let slice = i64::try_from(SLICE.as_millis()).unwrap_or(1);
    Timestamp(at.as_millis().div_euclid(slice) * slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_000_000_000_000 + seconds * 1000)
    }

    fn node(now: i64, newest: i64) -> Written {
        Written { at: at(now), newest: Some(at(newest)) }
    }

    #[test]
    fn recent_rows_are_read_later_and_late_rows_are_found() {
        let mut horizon = Horizon::default();
        horizon.resume(Some(at(0)));
        let span = horizon.next(&[node(8, 5)]).expect("something is complete");
        assert_eq!((span.since, span.from, span.until, span.given_up_from), (at(0), at(0), at(4), None));
        horizon.read(span);
        assert_eq!(horizon.next(&[node(9, 5)]), None, "nothing new");
        // nobody wrote for long: what is older than the patience is complete
        let span = horizon.next(&[node(60, 5)]).expect("time passed");
        assert_eq!((span.from, span.until > at(4), span.until < at(60)), (at(4), true, true));
        horizon.read(span);
        let span = horizon.next(&[node(200, 199)]).expect("more");
        assert!(span.since < span.from && span.since >= at(0), "{span:?}");
        assert_eq!(span.since.as_millis() % 10_000, 0);
    }

    #[test]
    fn the_slowest_node_decides() {
        let mut horizon = Horizon::default();
        horizon.resume(Some(at(0)));
        let span = horizon
            .next(&[node(20, 19), node(20, 8), Written { at: at(20), newest: None }])
            .expect("complete");
        assert_eq!(span.until, at(7));
    }

    #[test]
    fn a_pause_is_caught_up_in_parts_up_to_a_limit() {
        let mut horizon = Horizon::default();
        horizon.resume(Some(at(0)));
        let span = horizon.next(&[node(3_600, 3_600)]).expect("a part");
        assert_eq!((span.from, span.until, span.given_up_from), (at(0), at(359), None));
        let span = horizon.next(&[node(200_000, 200_000)]).expect("a part");
        assert_eq!((span.from, span.given_up_from), (at(199_999 - 86_400), Some(at(0))));
        assert_eq!(span.since, span.from);
    }

    #[test]
    fn the_first_run_reads_the_last_minutes() {
        let mut horizon = Horizon::default();
        let span = horizon.next(&[node(10_000, 10_000)]).expect("a part");
        assert_eq!((span.since, span.from, span.until), (at(9_699), at(9_699), at(9_999)));
    }
}
