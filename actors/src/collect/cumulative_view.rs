//! A view of cumulative counters that is read whole with each sample.

use std::time::Duration;

use super::{Change, Continuity, Counters, Mark};
use crate::model::{GapReason, NULL, Timestamp};

/// Baselines of a view whose counters are reset together; the key of a row is its series.
#[derive(Debug)]
pub struct CumulativeView<const N: usize> {
    /// How late a sample may come without leaving a gap.
    max_interval: Duration,
    previous: Option<Mark>,
    counters: Counters<N>,
}

/// One row of a sample: cumulative values, [`NULL`] where not known.
#[derive(Debug, Clone, Copy)]
pub struct Reading<const N: usize> {
    pub series: u64,
    /// Since when this row alone counts, where it says so.
    pub since: Option<Timestamp>,
    pub values: [i64; N],
}

/// What happened since the sample before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deltas<const N: usize> {
    /// Where it began; `None` when there is nothing to compare with, and then there are no rows.
    pub from: Option<Timestamp>,
    /// As [`super::Collected::gaps`] has it.
    pub gap: Option<(Option<Timestamp>, Timestamp, GapReason)>,
    /// Every row that can be told, also one that stayed as it was.
    pub rows: Vec<(u64, [i64; N])>,
}

impl<const N: usize> CumulativeView<N> {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(max_interval: Duration) -> Self {
        Self { max_interval, previous: None, counters: Counters::default() }
    }

    /// Takes a whole sample and compares it with the one before.
    pub fn take(&mut self, mark: Mark, readings: &[Reading<N>]) -> Deltas<N> {
        let continuity = Continuity::between(self.previous, mark, self.max_interval);
        let before = self.previous.replace(mark).map(|previous| previous.at);
        self.counters.begin_sample();
        let mut rows = Vec::with_capacity(readings.len());
        for reading in readings {
            let change = self.counters.observe(reading.series, reading.since, reading.values);
            let delta = happened(continuity, change, reading.values);
            rows.extend(delta.map(|delta| (reading.series, delta)));
        }
        self.counters.end_sample();
        let (from, gap) = match continuity {
            Continuity::Baseline { gap } => (None, gap.map(|(from, reason)| (from, mark.at, reason))),
            Continuity::SinceReset { from, gap } => (Some(from), Some((before, from, gap))),
            Continuity::Delta { from, gap } => (Some(from), gap.map(|reason| (Some(from), mark.at, reason))),
        };
        Deltas { from, gap, rows }
    }
}

/// What a row says of the time since the sample before.
fn happened<const N: usize>(continuity: Continuity, change: Change<N>, values: [i64; N]) -> Option<[i64; N]> {
    match (continuity, change) {
        (Continuity::Baseline { .. }, _) => None,
        (Continuity::SinceReset { .. }, _) => Some(values),
        // a restarted server may have read back old counters: nothing says since when they count
        (Continuity::Delta { gap: Some(GapReason::Restarted), .. }, Change::Recreated(_)) => None,
        (Continuity::Delta { .. }, Change::Same) => {
            Some(values.map(|value| if value == NULL { NULL } else { 0 }))
        }
        (Continuity::Delta { .. }, Change::Grown(delta) | Change::New(delta) | Change::Recreated(delta)) => {
            Some(delta)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Epoch;

    fn take(view: &mut CumulativeView<2>, at: i64, reset: i64, values: [i64; 2]) -> Deltas<2> {
        let epoch = Epoch {
            started_at: Timestamp(1),
            in_recovery: false,
            reset_at: Some(Timestamp(reset)),
            evictions: 0,
        };
        let reading = Reading { series: 7, since: None, values };
        view.take(Mark { at: Timestamp(at), epoch }, &[reading])
    }

    #[test]
    fn a_view_over_its_life() {
        let mut view = CumulativeView::new(Duration::from_secs(60));
        let first = take(&mut view, 10_000, 5, [100, NULL]);
        assert_eq!((first.from, first.rows), (None, Vec::new()));
        assert_eq!(first.gap, Some((None, Timestamp(10_000), GapReason::NotWatched)));
        let grown = take(&mut view, 20_000, 5, [130, NULL]);
        assert_eq!((grown.from, grown.gap), (Some(Timestamp(10_000)), None));
        assert_eq!(grown.rows, [(7, [30, NULL])], "what is not known stays so");
        assert_eq!(take(&mut view, 30_000, 5, [130, NULL]).rows, [(7, [0, NULL])]);
        let reset = take(&mut view, 40_000, 35_000, [4, NULL]);
        assert_eq!(reset.rows, [(7, [4, NULL])]);
        assert_eq!(reset.from, Some(Timestamp(35_000)));
        assert_eq!(reset.gap, Some((Some(Timestamp(30_000)), Timestamp(35_000), GapReason::CountersReset)));
        let late = take(&mut view, 400_000, 35_000, [5, NULL]);
        assert_eq!(late.rows, [(7, [1, NULL])]);
        assert_eq!(late.gap.map(|gap| gap.2), Some(GapReason::Unreachable));
    }

    #[test]
    fn what_is_measured_only_at_times_is_never_counted_twice() {
        let mut view = CumulativeView::new(Duration::from_secs(60));
        take(&mut view, 10_000, 5, [100, 50]);
        assert_eq!(take(&mut view, 20_000, 5, [110, NULL]).rows, [(7, [10, NULL])], "switched off");
        assert_eq!(take(&mut view, 30_000, 5, [115, 60]).rows, [(7, [5, NULL])], "switched on");
        assert_eq!(take(&mut view, 40_000, 5, [116, 63]).rows, [(7, [1, 3])]);
    }
}
