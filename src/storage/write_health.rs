//! Whether the storage takes writes, as the last ones showed.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sea_orm::DbErr;

use super::error::is_unavailable;
use crate::log_limit::LogLimit;

/// While every write fails, it is logged this often.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// What became of the last writes of one storage.
#[derive(Debug, Default)]
pub(super) struct WriteHealth {
    known: Mutex<Known>,
    checking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Known {
    last: Option<(Instant, Outcome)>,
    /// Set from the first failure to the next commit.
    failing_since: Option<Instant>,
    log_limit: LogLimit,
    /// Whether the failure under way was logged, so that its end is worth a line too.
    is_logged: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self { last: None, failing_since: None, log_limit: LogLimit::new(LOG_EVERY), is_logged: false }
    }
}

/// What became of a write: committed, or why not.
pub(super) type Outcome = Result<(), String>;

impl WriteHealth {
    /// Something was committed.
    pub(super) fn succeeded(&self) {
        let mut known = self.known.lock();
        known.last = Some((Instant::now(), Ok(())));
        let since = known.failing_since.take();
        if std::mem::take(&mut known.is_logged) {
            let failing_for_s = since.map_or(0, |since| since.elapsed().as_secs());
            tracing::info!(failing_for_s, "the storage takes writes again");
        }
    }

    /// Something was not written. Counts when the storage is the cause, and not what was asked of it.
    pub(super) fn failed(&self, error: &DbErr) {
        if !is_unavailable(error) {
            return;
        }
        let now = Instant::now();
        let mut known = self.known.lock();
        known.last = Some((now, Err(error.to_string())));
        known.failing_since.get_or_insert(now);
        if let Some(failures) = known.log_limit.occurred(now) {
            known.is_logged = true;
            tracing::error!(
                %error,
                failures,
                "the storage takes no writes: requests that change something are refused, and samples wait until it does; look at the disk of data_dir, or at the server of storage.url"
            );
        }
    }

    /// So that of those who want to know, one finds out for all.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.checking.lock().await
    }

    /// What became of the last write, unless it is longer ago than `age`.
    pub(super) fn last_within(&self, age: Duration) -> Option<Outcome> {
        let known = self.known.lock();
        known.last.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, outcome)| outcome.clone())
    }
}
