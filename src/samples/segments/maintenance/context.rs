//! What all steps of the maintenance share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use basira_actors::model::{Batch, Timestamp};
use sea_orm::DatabaseConnection;
use tokio::sync::{Mutex, Notify};

use crate::clock_guard::ClockGuard;
use crate::samples::local::{Notices, SeriesGroups, WriterHandle};
use crate::samples::retention::LiveRetention;

pub(in crate::samples::segments) const HOUR_MS: i64 = 3_600_000;
pub(in crate::samples::segments) const DAY_MS: i64 = 24 * HOUR_MS;
/// Before one part in so many of the cap is appended, the upkeep need not look.
const PARTS_OF_CAP: u64 = 16;

/// Whether background work rests between its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples::segments) enum Pace {
    /// As long as it worked: never more than half a core.
    Gentle,
    /// Somebody waits for it.
    Brisk,
}

impl Pace {
    /// Rests after a step that took `worked`.
    pub(in crate::samples::segments) async fn rest(self, worked: Duration) {
        if self == Self::Gentle {
            tokio::time::sleep(worked).await;
        }
    }
}

/// Keeps a store in order.
pub(in crate::samples::segments) struct Maintenance {
    pub(in crate::samples::segments) reader: DatabaseConnection,
    pub(in crate::samples::segments) pen: WriterHandle,
    pub(in crate::samples::segments) series_groups: Arc<SeriesGroups>,
    pub(in crate::samples::segments) retention: LiveRetention,
    pub(in crate::samples::segments) notices: Notices,
    /// Also lets one upkeep run at a time.
    pub(in crate::samples::segments) upkeep: Mutex<Upkeep>,
    pub(in crate::samples::segments) appended: Appended,
}

/// What one upkeep leaves to the next.
#[derive(Debug, Default)]
pub(in crate::samples::segments) struct Upkeep {
    pub(in crate::samples::segments) clock: ClockGuard,
    /// When dictionaries were swept.
    pub(super) swept: Option<Timestamp>,
}

/// Wakes the upkeep when so much was appended that the cap may not hold until its next turn.
#[derive(Debug, Default)]
pub(in crate::samples::segments) struct Appended {
    bytes: AtomicU64,
    pub(super) much: Notify,
}

impl Appended {
    /// Counts `batch`, roughly.
    pub(in crate::samples::segments) fn count(&self, batch: &Batch, max_bytes: Option<u64>) {
        let Some(max_bytes) = max_bytes else { return };
        let cells = batch.records.iter().map(|record| record.series.len() * record.columns.len() * 2);
        let texts = batch.dictionary.iter().map(|word| word.text.len() + 200);
        let bytes = cells.sum::<usize>() + texts.sum::<usize>() + batch.entries.len() * 400;
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before + bytes as u64 > max_bytes / PARTS_OF_CAP {
            self.bytes.store(0, Ordering::Relaxed);
            self.much.notify_one();
        }
    }
}
