//! Limits how often one kind of failure is logged.

use std::time::{Duration, Instant};

/// Allows one line per interval and counts the occurrences between two lines.
#[derive(Debug)]
pub(crate) struct LogLimit {
    interval: Duration,
    logged_at: Option<Instant>,
    /// How many occurrences there were since the last line.
    unlogged: u64,
}

impl LogLimit {
    /// At most one line per `interval`.
    pub(crate) const fn new(interval: Duration) -> Self {
        Self { interval, logged_at: None, unlogged: 0 }
    }

    /// Counts an occurrence at `now`. When a line is due, the number of occurrences that it stands for, this one included:
    /// the caller then logs it.
    pub(crate) fn occurred(&mut self, now: Instant) -> Option<u64> {
        self.unlogged += 1;
        self.due(now)
    }

    /// When a line is due at `now`, the number of occurrences since the last one: the caller then logs it.
    pub(crate) fn due(&mut self, now: Instant) -> Option<u64> {
        if self.logged_at.is_some_and(|logged| now < logged + self.interval) {
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_interval_counts_those_before_it() {
        let mut limit = LogLimit::new(Duration::from_secs(1));
        let start = Instant::now();
        let lines = (0..25).filter_map(|tenth| limit.occurred(start + tenth * Duration::from_millis(100)));
        assert_eq!(lines.collect::<Vec<_>>(), [1, 10, 10]);
    }
}
