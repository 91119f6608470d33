//! What a listener does when it cannot accept: wait a little, and say so at most once a second.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Long enough for some connection to end when descriptors have run out.
const PAUSE: Duration = Duration::from_millis(100);
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// The failures of one listener, of which at most one line a second is logged.
#[derive(Debug)]
pub(crate) struct AcceptFailures {
    listener: &'static str,
    logged: Option<Instant>,
    /// How many happened since a line was logged.
    unlogged: u64,
    /// Whether the log does not say yet that connections are accepted again.
    failing: bool,
}

impl AcceptFailures {
    /// Of `listener`, which is what the log calls it.
    pub(crate) const fn of(listener: &'static str) -> Self {
        Self { listener, logged: None, unlogged: 0, failing: false }
    }

    /// Notes that accepting failed, and waits until it may work again.
    pub(crate) async fn pause(&mut self, error: &io::Error) {
        if is_of_the_client(error) {
            tracing::debug!(%error, listener = self.listener, "a client was gone before it was accepted");
            return;
        }
        self.failing = true;
        self.unlogged += 1;
        if self.may_log(Instant::now()) {
            let failures = std::mem::take(&mut self.unlogged);
            tracing::warn!(%error, listener = self.listener, failures, "accepting a connection failed");
        }
        tokio::time::sleep(PAUSE).await;
    }

    /// Notes that a connection was accepted.
    pub(crate) fn accepted(&mut self) {
        if self.failing && self.may_log(Instant::now()) {
            let failures = std::mem::take(&mut self.unlogged);
            tracing::info!(listener = self.listener, failures, "connections are accepted again");
            self.failing = false;
        }
    }

    /// Whether a line may be logged at `now`; the caller then logs one.
    fn may_log(&mut self, now: Instant) -> bool {
        let may = self.logged.is_none_or(|logged| now >= logged + LOG_INTERVAL);
        if may {
            self.logged = Some(now);
        }
        may
    }
}

/// Whether the next client may well be accepted at once.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_is_logged() {
        let mut failures = AcceptFailures::of("test");
        let start = Instant::now();
        let tenths = (0..25).filter(|tenth| failures.may_log(start + *tenth * Duration::from_millis(100)));
        assert_eq!(tenths.collect::<Vec<_>>(), [0, 10, 20]);
    }

    #[tokio::test]
    async fn failures_are_counted_until_a_line_is_logged() {
        let mut failures = AcceptFailures::of("test");
        let error = io::Error::other("no descriptors");
        for expected in [0, 1, 2] {
            failures.pause(&error).await;
            assert_eq!((failures.unlogged, failures.failing), (expected, true));
        }
        failures.pause(&ErrorKind::ConnectionAborted.into()).await;
        assert_eq!(failures.unlogged, 2, "the next client may well be accepted");
    }
}
