//! The time by which old things are deleted. Deleting cannot be undone, so a clock that has just leapt is not believed.

use std::time::{Duration, Instant};

use basira_actors::model::Timestamp;

/// A clock that is ahead of what is expected by more than this has leapt.
const MAX_JUMP: Duration = Duration::from_secs(24 * 3_600);
/// How long a jump must persist, by the monotonic clock, before it is trusted.
const CONFIRMED_AFTER: Duration = Duration::from_secs(3_600);

/// Follows the wall clock, but for leaps forward that have not lasted yet.
#[derive(Debug, Default)]
pub struct ClockGuard {
    /// What time it was, and when.
    trusted: Option<(Timestamp, Instant)>,
    jumped_at: Option<Instant>,
}

impl ClockGuard {
    /// The time by which what is old may be deleted, when the wall clock shows `now`. `newest` is the newest time known
    /// from elsewhere, such as the end of the newest sample: with it the first call after a start can be judged.
    pub fn trusted_time(&mut self, now: Timestamp, newest: Option<Timestamp>) -> Timestamp {
        self.trusted_time_at(now, newest, Instant::now())
    }

    /// The wall clock is right, whatever it was before.
    #[cfg(test)]
    pub(crate) fn reset(&mut self, now: Timestamp) {
        (self.trusted, self.jumped_at) = (Some((now, Instant::now())), None);
    }

    fn trusted_time_at(&mut self, now: Timestamp, newest: Option<Timestamp>, instant: Instant) -> Timestamp {
        let (trusted, since) = *self.trusted.get_or_insert((newest.unwrap_or(now), instant));
        let expected = trusted + instant.saturating_duration_since(since);
        if now > expected + MAX_JUMP {
            let jumped_at = *self.jumped_at.get_or_insert_with(|| {
                tracing::warn!(
                    clock = %now,
                    expected = %expected,
                    "the clock is more than a day ahead of what was seen last: nothing more is deleted by age until it has been so for an hour"
                );
                instant
            });
            if instant.saturating_duration_since(jumped_at) < CONFIRMED_AFTER {
                return expected;
            }
        }
        (self.trusted, self.jumped_at) = (Some((now, instant)), None);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3_600);
    const MINUTE: Duration = Duration::from_secs(60);
    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn an_advancing_clock_is_accepted() {
        let (mut guard, start) = (ClockGuard::default(), Instant::now());
        assert_eq!(guard.trusted_time_at(NOON, None, start), NOON);
        let later = NOON + MINUTE;
        assert_eq!(guard.trusted_time_at(later, None, start + MINUTE), later);
        // a correction, or a night asleep
        assert_eq!(guard.trusted_time_at(later + DAY / 2, None, start + 2 * MINUTE), later + DAY / 2);
        assert_eq!(guard.trusted_time_at(NOON, None, start + 3 * MINUTE), NOON, "back");
    }

    #[test]
    fn a_short_clock_jump_is_not_accepted() {
        let (mut guard, start) = (ClockGuard::default(), Instant::now());
        guard.trusted_time_at(NOON, None, start);
        let ahead = NOON + 500 * DAY;
        assert_eq!(guard.trusted_time_at(ahead, None, start + MINUTE), NOON + MINUTE);
        assert_eq!(guard.trusted_time_at(ahead, None, start + 50 * MINUTE), NOON + 50 * MINUTE);
        assert_eq!(guard.trusted_time_at(NOON + 55 * MINUTE, None, start + 55 * MINUTE), NOON + 55 * MINUTE);
        assert_eq!(
            guard.trusted_time_at(ahead, None, start + 70 * MINUTE),
            NOON + 70 * MINUTE,
            "counted anew"
        );
        assert_eq!(guard.trusted_time_at(ahead, None, start + 131 * MINUTE), ahead, "it has lasted");
        assert_eq!(guard.trusted_time_at(ahead + MINUTE, None, start + 132 * MINUTE), ahead + MINUTE);
    }

    #[test]
    fn after_a_start_the_clock_is_compared_with_the_newest_data() {
        let (mut guard, start) = (ClockGuard::default(), Instant::now());
        let ahead = NOON + 500 * DAY;
        assert_eq!(guard.trusted_time_at(ahead, Some(NOON), start), NOON);
        assert_eq!(guard.trusted_time_at(ahead, Some(NOON), start + MINUTE), NOON + MINUTE);
        let mut guard = ClockGuard::default();
        assert_eq!(guard.trusted_time_at(NOON + MINUTE, Some(NOON), start), NOON + MINUTE);
        let mut guard = ClockGuard::default();
        assert_eq!(
            guard.trusted_time_at(NOON, Some(ahead), start),
            NOON,
            "data of the future are no measure"
        );
    }
}
