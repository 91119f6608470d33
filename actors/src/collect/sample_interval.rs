//! When a collector of readings looked last.

use std::time::Duration;

use crate::model::{GapReason, Timestamp};

/// Assigns each sample of readings the time since the previous one.
#[derive(Debug, Default)]
pub struct SampleTimes {
    previous: Option<Timestamp>,
}

/// Where a record begins, and what was not seen before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleInterval {
    pub from: Timestamp,
    /// As [`super::Collected::gaps`] has it.
    pub gap: Option<(Option<Timestamp>, Timestamp, GapReason)>,
}

impl SampleTimes {
    /// The interval of the sample taken at `at`. One that comes more than `max_interval` after the one before leaves a gap.
    pub fn take(&mut self, at: Timestamp, max_interval: Duration) -> SampleInterval {
        let gap = match self.previous {
            None => Some((None, at, GapReason::NotWatched)),
            Some(from) => (at.since(from) > max_interval).then_some((Some(from), at, GapReason::Unreachable)),
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
    fn a_late_look_leaves_a_gap() {
        let mut looks = SampleTimes::default();
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let mut take = |at| looks.take(at, Duration::from_secs(30));
        assert_eq!(
            take(at(100)),
            SampleInterval { from: Timestamp(99_999), gap: Some((None, at(100), GapReason::NotWatched)) }
        );
        assert_eq!(take(at(110)), SampleInterval { from: at(100), gap: None });
        let late = Some((Some(at(110)), at(200), GapReason::Unreachable));
        assert_eq!(take(at(200)), SampleInterval { from: at(110), gap: late });
        assert_eq!(take(at(200)).from, Timestamp(199_999), "twice at once");
    }
}
