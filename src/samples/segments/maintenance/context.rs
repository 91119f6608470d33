//! What all steps of the maintenance share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use basira_actors::model::{Batch, Timestamp};
use tokio::sync::{Mutex, Notify};

use crate::clock_guard::ClockGuard;
use crate::samples::local::Local;

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// The maintenance is woken when one part in this many of the cap was appended.
const CAP_PARTS: u64 = 16;

/// How long background work pauses between its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples) enum Pace {
    /// For as long as each step took: never more than half a core.
    Half,
    /// Not at all: a caller waits.
    Full,
}

impl Pace {
    /// Pauses after a step that took `worked`.
    pub(super) async fn pause(self, worked: Duration) {
        if self == Self::Half {
            tokio::time::sleep(worked).await;
        }
    }
}

/// Seals, rolls up and deletes in the background.
pub(in crate::samples) struct Maintenance {
    pub(super) local: Arc<Local>,
    /// Also lets one run at a time go on.
    pub(super) state: Mutex<State>,
    pub(super) appended: Appended,
}

/// What one run leaves to the next.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) clock: ClockGuard,
    /// When unused texts and entries were last deleted.
    pub(super) dictionaries_cleaned_at: Option<Timestamp>,
}

/// Wakes the maintenance when so much was appended that the store may exceed its cap before the next run.
#[derive(Debug, Default)]
pub(super) struct Appended {
    bytes: AtomicU64,
    pub(super) is_due: Notify,
}

impl Appended {
    /// Adds about the size of `batch`.
    pub(super) fn count(&self, batch: &Batch, max_bytes: Option<u64>) {
        let Some(max_bytes) = max_bytes else { return };
        let cells = batch.records.iter().map(|record| record.series.len() * record.columns.len() * 2);
        let texts = batch.dictionary.iter().map(|word| word.text.len() + 200);
        let bytes = cells.sum::<usize>() + texts.sum::<usize>() + batch.entries.len() * 400;
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before + bytes as u64 > max_bytes / CAP_PARTS {
            self.bytes.store(0, Ordering::Relaxed);
            self.is_due.notify_one();
        }
    }
}
