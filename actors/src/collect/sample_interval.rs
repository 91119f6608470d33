//! The interval that a sample of readings represents.

use std::time::Duration;

use super::FoundGap;
use crate::model::{GapReason, Timestamp};

/// Assigns each sample of readings the time since the previous one.
#[derive(Debug, Default)]
pub struct SampleTimes {
    previous: Option<Timestamp>,
}

/// Where a record begins, and the gap before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleInterval {
    pub from: Timestamp,
    pub gap: Option<FoundGap>,
}

impl SampleTimes {
    /// The interval of the sample taken at `at`. One that comes more than `max_interval` after the one before leaves a gap.
    pub fn take(&mut self, at: Timestamp, max_interval: Duration) -> SampleInterval {
        let gap = match self.previous {
            None => Some(FoundGap { from: None, to: at, reason: GapReason::NotWatched }),
            Some(from) => (at.since(from) > max_interval).then_some(FoundGap {
                from: Some(from),
                to: at,
                reason: GapReason::Unreachable,
            }),
        };
        let from = self.previous.filter(|from| *from < at).unwrap_or(Timestamp(at.as_millis() - 1));
        self.previous = Some(at);
        SampleInterval { from, gap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_sample_leaves_a_gap() {
        let mut times = SampleTimes::default();
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let mut take = |at| times.take(at, Duration::from_secs(30));
        assert_eq!(
            take(at(100)),
            SampleInterval {
                from: Timestamp(99_999),
                gap: Some(FoundGap { from: None, to: at(100), reason: GapReason::NotWatched })
            }
        );
        assert_eq!(take(at(110)), SampleInterval { from: at(100), gap: None });
        let late = Some(FoundGap { from: Some(at(110)), to: at(200), reason: GapReason::Unreachable });
        assert_eq!(take(at(200)), SampleInterval { from: at(110), gap: late });
        assert_eq!(take(at(200)).from, Timestamp(199_999), "twice at once");
    }
}
