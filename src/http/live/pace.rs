//! When the next snapshot of a live stream is due.

use std::time::Duration;

use tokio::time::Instant;

/// The interval of one client, and when its next snapshot is due.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    due: Instant,
}

impl Pace {
    /// The first snapshot is due at once.
    pub(super) const fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, due: now }
    }

    /// When the next snapshot is due.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// Whether a snapshot published at `published` may be sent at `now`: when it is due, or up to a tenth of the interval
    /// early if it is new, since publishing jitters.
    pub(super) fn allows(&self, published: Instant, now: Instant) -> bool {
        now >= self.due || published + self.interval / 10 >= self.due
    }

    /// A snapshot published at `published` was sent at `now`.
    ///
    /// The next one is due an interval after `published`, so that the stream synchronises with the publisher and sends
    /// new snapshots; no interval is shortened by more than a quarter.
    pub(super) fn sent(&mut self, published: Instant, now: Instant) {
        self.due = (published + self.interval).max(now + self.interval * 3 / 4);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    const SECOND: Duration = Duration::from_secs(1);

    /// The moments, in ms, at which snapshots go out when one is published every `every` from `first` on.
    fn sent(interval: Duration, first: Duration, every: Duration, until: Duration) -> Vec<u128> {
        let start = Instant::now();
        let mut pace = Pace::new(interval, start);
        let (mut published, mut unsent, mut sent) = (None, false, Vec::new());
        let step = Duration::from_millis(10);
        let mut now = start;
        let mut next = start + first;
        while now < start + until {
            if now >= next {
                (published, unsent, next) = (Some(now), true, next + every);
            }
            if let (true, Some(at)) = (unsent, published)
                && pace.allows(at, now)
            {
                pace.sent(at, now);
                sent.push((now - start).as_millis());
                unsent = false;
            }
            now += step;
        }
        sent
    }

    #[test]
    fn follows_a_publisher_of_the_same_pace() {
        let at = sent(5 * SECOND, Duration::ZERO, 5 * SECOND, 21 * SECOND);
        assert_eq!(at, [0, 5000, 10_000, 15_000, 20_000]);
    }

    #[test]
    fn thins_out_a_faster_publisher() {
        let at = sent(5 * SECOND, Duration::ZERO, SECOND, 21 * SECOND);
        assert_eq!(at, [0, 5000, 10_000, 15_000, 20_000]);
    }

    #[test]
    fn follows_a_publisher_that_jitters() {
        let at = sent(2 * SECOND, Duration::ZERO, Duration::from_millis(1900), 8 * SECOND);
        assert_eq!(at, [0, 1900, 3800, 5700, 7600]);
    }

    #[test]
    fn sends_each_snapshot_of_a_slower_publisher_once() {
        let at = sent(SECOND, Duration::ZERO, 5 * SECOND, 11 * SECOND);
        assert_eq!(at, [0, 5000, 10_000]);
    }

    #[test]
    fn a_late_first_snapshot_is_followed_by_a_shorter_interval() {
        let start = Instant::now();
        let mut pace = Pace::new(5 * SECOND, start);
        pace.sent(start, start);
        // Published at 3 s, sent when due at 5 s: the next is due at 8.75 s rather than 10 s.
        assert!(!pace.allows(start + 3 * SECOND, start + 3 * SECOND));
        assert!(!pace.allows(start + 3 * SECOND, start + 4 * SECOND));
        assert!(pace.allows(start + 3 * SECOND, start + 5 * SECOND));
        pace.sent(start + 3 * SECOND, start + 5 * SECOND);
        assert_eq!(pace.due(), start + Duration::from_millis(8750));
    }
}
