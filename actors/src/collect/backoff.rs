//! Growing waits between attempts.

use std::time::Duration;

/// Doubles from `first` up to `cap`, each wait shortened at random by up to a fifth so that attempts spread.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    attempts: u32,
}

impl Backoff {
    /// No attempt has failed yet.
    #[must_use]
    pub const fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap, attempts: 0 }
    }

    /// How long to wait after one more failure.
    pub fn failed(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.attempts.min(16));
        self.attempts = self.attempts.saturating_add(1);
        doubled.min(self.cap).mul_f64(rand::random_range(0.8..=1.0))
    }

    /// The attempt succeeded: start over.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_cap_and_starts_over() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(8));
        for upper in [1, 2, 4, 8, 8, 8] {
            let wait = backoff.failed().as_secs_f64();
            let upper = f64::from(upper);
            assert!(wait <= upper && wait >= upper * 0.8, "{wait} s for {upper} s");
        }
        backoff.reset();
        assert!(backoff.failed() <= Duration::from_secs(1));
    }
}
