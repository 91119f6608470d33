//! Stops polling a service that is not in use, so that it can be suspended and costs nothing. Its own query log keeps what
//! happens in the meantime and is read when polling resumes.

use std::time::{Duration, Instant};

/// How long others must have run nothing before polling pauses.
const IDLE_AFTER: Duration = Duration::from_secs(300);
/// How long a pause lasts.
pub(super) const PAUSE: Duration = Duration::from_secs(1_800);
/// How long to poll between two pauses: the log of a whole pause is read in parts.
const AWAKE_FOR: Duration = Duration::from_secs(90);

/// When the service was in use last, and since when it has been polled.
#[derive(Debug)]
pub(super) struct Idle {
    busy_at: Instant,
    polling_since: Instant,
}

impl Idle {
    pub(super) const fn new(now: Instant) -> Self {
        Self { busy_at: now, polling_since: now }
    }

    /// Takes whether a poll at `now` found the service `busy`. Returns until when to pause, if it is to be paused.
    pub(super) fn pause_until(&mut self, busy: bool, now: Instant) -> Option<Instant> {
        if busy {
            self.busy_at = now;
        }
        let is_idle = now.duration_since(self.busy_at) >= IDLE_AFTER;
        if !is_idle || now.saturating_duration_since(self.polling_since) < AWAKE_FOR {
            return None;
        }
        self.polling_since = now + PAUSE;
        Some(self.polling_since)
    }

    /// Ends a pause: a client wants current values.
    pub(super) fn wake(&mut self, now: Instant) {
        self.polling_since = self.polling_since.min(now);
        self.busy_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_pauses_while_a_service_is_idle() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::new(start);
        assert_eq!(idle.pause_until(true, after(10)), None);
        assert_eq!(idle.pause_until(false, after(300)), None);
        assert_eq!(idle.pause_until(false, after(310)), Some(after(2_110)));
        // the log of the pause is read in parts
        assert_eq!(idle.pause_until(false, after(2_110)), None);
        assert_eq!(idle.pause_until(false, after(2_200)), Some(after(4_000)));
        assert_eq!(idle.pause_until(true, after(4_080)), None);
        assert_eq!(idle.pause_until(false, after(4_200)), None, "it was busy a while ago");
        assert_eq!(idle.pause_until(false, after(4_380)), Some(after(6_180)));
        idle.wake(after(5_000));
        assert_eq!(idle.pause_until(false, after(5_100)), None, "a client asked for current values");
    }
}
