//! What a listener does when it cannot accept: wait a little, and say so at most once a second.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use crate::log_limit::LogLimit;

/// Long enough for some connection to end when descriptors have run out.
const PAUSE: Duration = Duration::from_millis(100);
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// The failures of one listener, of which at most one line a second is logged.
#[derive(Debug)]
pub(crate) struct AcceptFailures {
    listener: &'static str,
    log_limit: LogLimit,
    /// Whether the log does not say yet that connections are accepted again.
    failing: bool,
}

impl AcceptFailures {
    /// Of `listener`, which is what the log calls it.
    pub(crate) const fn of(listener: &'static str) -> Self {
        Self { listener, log_limit: LogLimit::new(LOG_INTERVAL), failing: false }
    }

    /// Notes that accepting failed, and waits until it may work again.
    pub(crate) async fn pause(&mut self, error: &io::Error) {
        if is_of_the_client(error) {
            tracing::debug!(%error, listener = self.listener, "a client was gone before it was accepted");
            return;
        }
        self.failing = true;
        if let Some(failures) = self.log_limit.occurred(Instant::now()) {
            tracing::warn!(%error, listener = self.listener, failures, "accepting a connection failed");
        }
        tokio::time::sleep(PAUSE).await;
    }

    /// Notes that a connection was accepted.
    pub(crate) fn accepted(&mut self) {
        if self.failing
            && let Some(failures) = self.log_limit.due(Instant::now())
        {
            tracing::info!(listener = self.listener, failures, "connections are accepted again");
            self.failing = false;
        }
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

    #[tokio::test]
    async fn a_disconnected_client_is_not_an_accept_failure() {
        let mut failures = AcceptFailures::of("test");
        failures.pause(&ErrorKind::ConnectionAborted.into()).await;
        assert!(!failures.failing, "the next client may well be accepted");
        failures.pause(&io::Error::other("no descriptors")).await;
        assert!(failures.failing);
    }
}
