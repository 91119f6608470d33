//! Lets a service sleep that costs money while it is awake: when nobody asks it anything, we do not either. What it did
//! meanwhile stands in its own log, which is read when we look again.

use std::time::{Duration, Instant};

/// So long nobody else may have asked anything.
const QUIET: Duration = Duration::from_secs(300);
/// So long it is left alone then.
pub(super) const REST: Duration = Duration::from_secs(1_800);
/// So long we look before it is left alone again: the log of a whole rest is read in parts.
const LOOK: Duration = Duration::from_secs(90);

/// When the service last had work, and when we began to look.
#[derive(Debug)]
pub(super) struct Idle {
    busy_at: Instant,
    looking_since: Instant,
}

impl Idle {
    pub(super) const fn new(now: Instant) -> Self {
        Self { busy_at: now, looking_since: now }
    }

    /// After a look at `now`, which found others at work or not: until when to leave it alone.
    pub(super) fn rest(&mut self, busy: bool, now: Instant) -> Option<Instant> {
        if busy {
            self.busy_at = now;
        }
        let quiet = now.duration_since(self.busy_at) >= QUIET;
        if !quiet || now.saturating_duration_since(self.looking_since) < LOOK {
            return None;
        }
        self.looking_since = now + REST;
        Some(self.looking_since)
    }

    /// Somebody wants to see it.
    pub(super) fn wake(&mut self, now: Instant) {
        self.looking_since = self.looking_since.min(now);
        self.busy_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_service_is_left_alone_and_a_busy_one_is_not() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::new(start);
        assert_eq!(idle.rest(true, after(10)), None);
        assert_eq!(idle.rest(false, after(300)), None);
        assert_eq!(idle.rest(false, after(310)), Some(after(2_110)));
        // when we look again the parts of its log come one by one
        assert_eq!(idle.rest(false, after(2_110)), None);
        assert_eq!(idle.rest(false, after(2_200)), Some(after(4_000)));
        assert_eq!(idle.rest(true, after(4_080)), None);
        assert_eq!(idle.rest(false, after(4_200)), None, "it had work a while ago");
        assert_eq!(idle.rest(false, after(4_380)), Some(after(6_180)));
        idle.wake(after(5_000));
        assert_eq!(idle.rest(false, after(5_100)), None, "somebody looks at it");
    }
}
