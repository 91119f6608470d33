//! One rate limit, by governor, whose rate can be changed while it counts.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};

use super::rate_store::{Key, Store};
use parking_lot::RwLock;

/// A rate limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub struct RateLimited {
    /// When one more is allowed; at least a second.
    pub retry_after: Duration,
}

/// So many at once, and again so many spread over `per`. None at all: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub count: u32,
    pub per: Duration,
}

impl Rate {
    /// `count` in `per`, all of them at once if one likes.
    #[must_use]
    pub const fn every(count: u32, per: Duration) -> Self {
        Self { burst: count, count, per }
    }

    /// How long until one more is allowed; `None` without a limit.
    fn pause(self) -> Option<Duration> {
        self.per.checked_div(self.count).filter(|pause| !pause.is_zero())
    }
}

type Governor<C> = RateLimiter<Key, Store, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts by a rate.
#[derive(Debug)]
struct Counting<C: Clock> {
    rate: Rate,
    /// `None` without a limit.
    governor: Option<Governor<C>>,
    store: Store,
}

/// One rate limit. It starts from zero when its rate changes.
#[derive(Debug)]
pub(super) struct Limiter<C: Clock = DefaultClock> {
    clock: C,
    most: usize,
    counting: RwLock<Arc<Counting<C>>>,
}

impl<C: Clock + Clone> Limiter<C> {
    /// Remembers `most` of those it counts.
    pub(super) fn new(clock: C, most: usize) -> Self {
        let counting = Counting::new(Rate::every(0, Duration::ZERO), &clock, most);
        Self { clock, most, counting: RwLock::new(Arc::new(counting)) }
    }

    /// Counts one more of `key`, if `rate` allows it.
    pub(super) fn count(&self, rate: Rate, key: Key) -> Result<(), RateLimited> {
        let counting = self.counting(rate);
        let Some(governor) = &counting.governor else { return Ok(()) };
        governor.check_key(&key).map_err(|until| {
            let retry_after = until.wait_time_from(self.clock.now());
            RateLimited { retry_after: retry_after.max(Duration::from_secs(1)) }
        })
    }

    /// Takes back one that was counted.
    pub(super) fn uncount(&self, rate: Rate, key: Key) {
        if let Some(pause) = rate.pause() {
            self.counting(rate).store.uncount(key, Nanos::from(pause));
        }
    }

    fn counting(&self, rate: Rate) -> Arc<Counting<C>> {
        let current = Arc::clone(&self.counting.read());
        if current.rate == rate {
            return current;
        }
        let mut current = self.counting.write();
        if current.rate != rate {
            *current = Arc::new(Counting::new(rate, &self.clock, self.most));
        }
        Arc::clone(&current)
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.counting.read().store.len()
    }
}

impl<C: Clock + Clone> Counting<C> {
    fn new(rate: Rate, clock: &C, most: usize) -> Self {
        let store = Store::new(most);
        let quota = rate.pause().and_then(Quota::with_period).zip(NonZeroU32::new(rate.burst));
        let governor = quota
            .map(|(quota, burst)| RateLimiter::new(quota.allow_burst(burst), store.clone(), clock.clone()));
        Self { rate, governor, store }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::{Limiter, Rate};

    const HOUR: Duration = Duration::from_secs(3_600);
    const FIVE: Rate = Rate::every(5, HOUR);

    fn limiter(most: usize) -> (FakeRelativeClock, Limiter<FakeRelativeClock>) {
        let clock = FakeRelativeClock::default();
        (clock.clone(), Limiter::new(clock, most))
    }

    fn taken(limiter: &Limiter<FakeRelativeClock>, rate: Rate, key: u64) -> usize {
        (0..1_000).take_while(|_| limiter.count(rate, key).is_ok()).count()
    }

    #[test]
    fn each_client_has_its_own_limit_which_refills_over_time() {
        let (clock, limiter) = limiter(100);
        assert_eq!(taken(&limiter, FIVE, 1), 5);
        assert_eq!(taken(&limiter, FIVE, 2), 5);
        let refused = limiter.count(FIVE, 1).expect_err("the sixth");
        assert_eq!(refused.retry_after, HOUR / 5);
        clock.advance(HOUR / 5 - Duration::from_secs(2));
        assert_eq!(limiter.count(FIVE, 1).expect_err("too early").retry_after, Duration::from_secs(2));
        clock.advance(Duration::from_secs(2));
        assert_eq!(taken(&limiter, FIVE, 1), 1);
        clock.advance(10 * HOUR);
        assert_eq!(taken(&limiter, FIVE, 1), 5, "and never more than that at once");
    }

    #[test]
    fn a_returned_permit_can_be_taken_again() {
        let (_clock, limiter) = limiter(100);
        for _ in 0..50 {
            assert!(limiter.count(FIVE, 1).is_ok());
            limiter.uncount(FIVE, 1);
        }
        assert_eq!(taken(&limiter, FIVE, 1), 5);
        limiter.uncount(FIVE, 1);
        assert_eq!(taken(&limiter, FIVE, 1), 1);
        limiter.uncount(FIVE, 2);
        assert_eq!(taken(&limiter, FIVE, 2), 5, "nothing to give back");
    }

    #[test]
    fn a_new_rate_applies_at_once_and_zero_means_no_limit() {
        let (_clock, limiter) = limiter(100);
        assert_eq!(taken(&limiter, FIVE, 1), 5);
        assert_eq!(taken(&limiter, Rate::every(7, HOUR), 1), 7);
        assert_eq!(taken(&limiter, Rate::every(0, HOUR), 1), 1_000);
        limiter.uncount(Rate::every(0, HOUR), 1);
        assert_eq!(taken(&limiter, Rate { burst: 3, count: 50, per: Duration::from_secs(1) }, 1), 3);
    }

    #[test]
    fn many_clients_use_bounded_memory_and_keep_existing_limits() {
        let (_clock, limiter) = limiter(1_000);
        assert_eq!(taken(&limiter, FIVE, 1), 5);
        for stranger in 2..100_000 {
            assert!(limiter.count(FIVE, stranger).is_ok());
            assert!(limiter.remembered() <= 1_000);
        }
        assert!(limiter.count(FIVE, 1).is_err(), "who was held back is forgotten");
    }
}
