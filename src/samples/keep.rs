//! What happens by itself: sealing, rolling up, dropping; never in the way of appends and reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use basira_actors::model::streams::{EVENTS, HEALTH};
use basira_actors::model::{Batch, Stream, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::catalog::Catalog;
use super::changes::StoreBlocks;
use super::entity::{block, orphan, segment, tail};
use super::failures::Failures;
use super::notices::Notices;
use super::retention::{LiveRetention, Resolution};
use super::segment::Segment;
use super::writer::Pen;
use super::{Scope, StoreError, cap, discard, rollup, seal, sweep};
use crate::clock_guard::ClockGuard;

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// In unit tests never: their samples are of another year, and they say themselves when it is due.
const INTERVAL: Duration = Duration::from_secs(if cfg!(test) { 24 * 3600 } else { 60 });
/// Before one part in so many of the cap is appended, the upkeep need not look.
const PARTS_OF_CAP: u64 = 16;
/// Bytes of blocks that are written in one transaction: what an append may have to wait for.
const TRANSACTION_BYTES: usize = 256 << 10;

/// Whether background work rests between its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As long as it worked: never more than half a core.
    Gentle,
    /// Somebody waits for it.
    Brisk,
}

impl Pace {
    /// Rests after a step that took `worked`.
    pub(super) async fn rest(self, worked: Duration) {
        if self == Self::Gentle {
            tokio::time::sleep(worked).await;
        }
    }
}

/// Keeps a store in order.
pub(super) struct Keeper {
    pub(super) reader: DatabaseConnection,
    pub(super) pen: Pen,
    pub(super) catalog: Arc<Catalog>,
    pub(super) retention: LiveRetention,
    pub(super) notices: Notices,
    /// Also lets one upkeep run at a time.
    pub(super) upkeep: Mutex<Upkeep>,
    pub(super) appended: Appended,
}

/// What one upkeep leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    pub(super) clock: ClockGuard,
    /// When dictionaries were swept.
    swept: Option<Timestamp>,
}

/// Wakes the upkeep when so much was appended that the cap may not hold until its next turn.
#[derive(Debug, Default)]
pub(super) struct Appended {
    bytes: AtomicU64,
    much: Notify,
}

impl Appended {
    /// Counts `batch`, roughly.
    pub(super) fn count(&self, batch: &Batch, max_bytes: Option<u64>) {
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

impl Keeper {
    /// Keeps order once a minute until told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let due = || async {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.appended.much.notified() => {}
            }
        };
        while stop.run_until_cancelled(due()).await.is_some() {
            let kept = self.keep(Timestamp::now(), Pace::Gentle);
            if let Some(Err(error)) = stop.run_until_cancelled(kept).await {
                tracing::warn!(%error, "the upkeep of the sample store failed; samples stay readable, and it is tried again");
            }
        }
    }

    /// Does everything that is due at `now`, unless the clock has leapt there; what fails does not hold up the rest.
    pub(super) async fn keep(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        let mut upkeep = self.upkeep.lock().await;
        let now = upkeep.clock.judge(now, newest_sample(&self.reader).await?);
        let mut failures = Failures::default();
        failures.note(seal::seal(&self.reader, &self.pen, now).await.map(drop))?;
        failures.note(self.make_room(now, pace).await)?;
        failures.note(rollup::roll_up(self, now, pace).await)?;
        failures.note(discard::expired(self, now).await)?;
        failures.note(self.make_room(now, pace).await)?;
        if upkeep.swept.is_none_or(|last| now.as_millis() - last.as_millis() >= DAY_MS) {
            failures.note(sweep::sweep(self, now).await)?;
            // what failed is due again tomorrow: sweeping reads a lot
            upkeep.swept = Some(now);
        }
        failures.finish()
    }

    async fn make_room(&self, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
        discard::clear(self, now, pace).await?;
        cap::above_cap(self, now, pace).await?;
        discard::give_back(self, pace).await
    }
}

/// The end of the newest sample by the clocks of the servers that are watched: our own stamped the others.
pub(super) async fn newest_sample(reader: &DatabaseConnection) -> Result<Option<Timestamp>, DbErr> {
    let own = [EVENTS.name, HEALTH.name];
    let mut newest = None;
    macro_rules! newest_of {
        ($($table:ident . $column:ident),*) => {$(
            let of_table = $table::Entity::find()
                .filter($table::Column::Stream.is_not_in(own))
                .select_only()
                .column_as($table::Column::$column.max(), "newest");
            newest = newest.max(of_table.into_tuple::<Option<i64>>().one(reader).await?.flatten());
        )*};
    }
    newest_of!(tail.AtMs, segment.LastMs);
    Ok(newest.map(Timestamp))
}

/// What a segment that is about to be stored is.
#[derive(Clone, Copy)]
pub(super) struct Unstored {
    pub(super) scope: Scope,
    pub(super) stream: &'static Stream,
    pub(super) resolution: Resolution,
    pub(super) rollup: Option<Uuid>,
}

/// Stores the blocks of `segment` in several short transactions; nobody sees them before the segment is there.
pub(super) async fn store_blocks(pen: &Pen, segment: &Segment, now: Timestamp) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let (mut number, mut rest) = (0, segment.blocks.as_slice());
    while !rest.is_empty() {
        let mut bytes = 0;
        let has_room = |block: &&Vec<u8>| {
            let has_room = bytes < TRANSACTION_BYTES;
            bytes += block.len();
            has_room
        };
        let (some, later) = rest.split_at(rest.iter().take_while(has_room).count());
        let numbered = (number..).zip(some);
        let blocks =
            numbered.map(|(number, data)| block::Model { segment_id: id, number, data: data.clone() });
        let orphan = orphan::Model { segment_id: id, since_ms: now.as_millis() };
        pen.change(StoreBlocks { orphan, blocks: blocks.collect() }).await?;
        number += i32::try_from(some.len()).unwrap_or(i32::MAX);
        rest = later;
    }
    Ok(id)
}

/// The row of a segment whose blocks are stored under `id`.
pub(super) fn model(id: Uuid, what: Unstored, segment: Segment) -> segment::Model {
    let starts = segment.records.iter().map(|record| record.0);
    let ends = segment.records.iter().map(|record| record.1);
    segment::Model {
        id,
        database_id: what.scope.database.0,
        organization_id: what.scope.organization.0,
        stream: what.stream.name.to_owned(),
        resolution: i32::try_from(what.resolution.millis()).unwrap_or(i32::MAX),
        rollup_id: what.rollup,
        first_ms: starts.clone().min().unwrap_or_default(),
        first_end_ms: ends.clone().min().unwrap_or_default(),
        last_start_ms: starts.max().unwrap_or_default(),
        last_ms: ends.max().unwrap_or_default(),
        row_count: i64::try_from(segment.row_count).unwrap_or(i64::MAX),
        size_bytes: i64::try_from(segment.bytes()).unwrap_or(i64::MAX),
        head: segment.head,
        sums: segment.sums,
    }
}
