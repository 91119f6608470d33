//! Statistics views of cumulative counters, read whole with each sample.

use std::time::Duration;

use super::{Continuity, Counters, FoundGap, Mark};
use crate::model::Timestamp;

/// The baselines of a view whose counters are reset together, by series.
#[derive(Debug)]
pub struct CumulativeView<const N: usize> {
    /// A sample that comes later than this leaves a gap.
    max_interval: Duration,
    previous: Option<Mark>,
    counters: Counters<N>,
}

/// One row of a sample: cumulative values, [`NULL`] where not known.
#[derive(Debug, Clone, Copy)]
pub struct Reading<const N: usize> {
    pub series: u64,
    /// When the counters of this row were reset, where the view has it by row.
    pub since: Option<Timestamp>,
    pub values: [i64; N],
}

/// The increase since the previous sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deltas<const N: usize> {
    /// The beginning of the interval; none when there is nothing to compare with, and then there are no rows.
    pub from: Option<Timestamp>,
    pub gap: Option<FoundGap>,
    /// Every row whose increase is known, also those that did not change.
    pub rows: Vec<(u64, [i64; N])>,
}

impl<const N: usize> CumulativeView<N> {
    /// Creates a view without a baseline.
    #[must_use]
    pub fn new(max_interval: Duration) -> Self {
        Self { max_interval, previous: None, counters: Counters::default() }
    }

    /// Takes a whole sample and compares it with the previous one.
    pub fn take(&mut self, mark: Mark, readings: &[Reading<N>]) -> Deltas<N> {
        let continuity = Continuity::between(self.previous, mark, self.max_interval);
        let before = self.previous.replace(mark).map(|previous| previous.at);
        self.counters.begin_sample();
        let mut rows = Vec::with_capacity(readings.len());
        for reading in readings {
            let change = self.counters.observe(reading.series, reading.since, reading.values);
            let delta = continuity.delta(change, reading.values);
            rows.extend(delta.map(|delta| (reading.series, delta)));
        }
        self.counters.end_sample();
        let (from, gap) = continuity.span(before, mark.at);
        Deltas { from, gap, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Epoch;
    use crate::model::{GapReason, NULL};

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
        let gap = |from: Option<i64>, to, reason| {
            Some(FoundGap { from: from.map(Timestamp), to: Timestamp(to), reason })
        };
        assert_eq!(first.gap, gap(None, 10_000, GapReason::NotWatched));
        let grown = take(&mut view, 20_000, 5, [130, NULL]);
        assert_eq!((grown.from, grown.gap), (Some(Timestamp(10_000)), None));
        assert_eq!(grown.rows, [(7, [30, NULL])], "what is not known stays so");
        assert_eq!(take(&mut view, 30_000, 5, [130, NULL]).rows, [(7, [0, NULL])]);
        let reset = take(&mut view, 40_000, 35_000, [4, NULL]);
        assert_eq!(reset.rows, [(7, [4, NULL])]);
        assert_eq!(reset.from, Some(Timestamp(35_000)));
        assert_eq!(reset.gap, gap(Some(30_000), 35_000, GapReason::CountersReset));
        let late = take(&mut view, 400_000, 35_000, [5, NULL]);
        assert_eq!(late.rows, [(7, [1, NULL])]);
        assert_eq!(late.gap.map(|gap| gap.reason), Some(GapReason::Unreachable));
    }

    #[test]
    fn values_measured_intermittently_are_not_counted_twice() {
        let mut view = CumulativeView::new(Duration::from_secs(60));
        take(&mut view, 10_000, 5, [100, 50]);
        assert_eq!(take(&mut view, 20_000, 5, [110, NULL]).rows, [(7, [10, NULL])], "switched off");
        assert_eq!(take(&mut view, 30_000, 5, [115, 60]).rows, [(7, [5, NULL])], "switched on");
        assert_eq!(take(&mut view, 40_000, 5, [116, 63]).rows, [(7, [1, 3])]);
    }
}
