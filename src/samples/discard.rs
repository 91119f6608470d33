//! Drops whole segments that are past their retention, and gives the space back.

use std::time::Instant;

use basira_actors::model::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::StoreError;
use super::changes::{ClearBlocks, DropSegments};
use super::entity::{block, gap, orphan, segment};
use super::keep::{DAY_MS, HOUR_MS, Keeper, Pace};
use super::retention::Resolution;
use super::room::{Room, room};
use super::writer::Change;
use crate::storage::Transaction;

/// Blocks that are cleared in one transaction.
const CLEARED: i32 = 64;
/// Pages that SQLite moves and cuts off in one transaction: a megabyte.
const VACUUMED: u32 = 256;
/// Dropped segments that are read at once.
const ORPHANS: u64 = 1_000;
/// Roll-ups of which a resolution is dropped in one transaction.
const DROPPED: u64 = 32;
/// Such transactions in one run: what is dropped by mistake must not be everything.
const ROUNDS: usize = 32;

/// Drops what was past its retention at `now`: raw records only once they are rolled up.
pub(super) async fn expired(keeper: &Keeper, now: Timestamp) -> Result<(), StoreError> {
    let before = |resolution| {
        let kept = i64::try_from(keeper.retention.get().of(resolution).as_millis()).unwrap_or(i64::MAX);
        // whole days, as they are rolled up
        now.as_millis().saturating_sub(kept).div_euclid(DAY_MS) * DAY_MS
    };
    for resolution in Resolution::ALL {
        for _ in 0..ROUNDS {
            let ids = past(keeper, resolution, before(resolution)).await?;
            if ids.is_empty() {
                break;
            }
            keeper.pen.change(DropSegments { ids, lost: Vec::new() }).await?;
        }
    }
    keeper.pen.change(DropGaps { before_ms: before(Resolution::Hour) }).await?;
    Ok(())
}

/// Segments of `resolution` that ended before: all of a roll-up at once, so that no reader finds it half there.
async fn past(keeper: &Keeper, resolution: Resolution, before_ms: i64) -> Result<Vec<Uuid>, DbErr> {
    let rollups: Vec<Uuid> = of(resolution)
        .filter(segment::Column::LastMs.lte(before_ms))
        .filter(segment::Column::RollupId.is_not_null())
        .select_only()
        .column(segment::Column::RollupId)
        .distinct()
        .limit(DROPPED)
        .into_tuple()
        .all(&keeper.reader)
        .await?;
    let together = of(resolution).filter(segment::Column::RollupId.is_in(rollups));
    together.select_only().column(segment::Column::Id).into_tuple().all(&keeper.reader).await
}

struct DropGaps {
    before_ms: i64,
}

#[async_trait::async_trait]
impl Change for DropGaps {
    async fn make(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        gap::Entity::delete_many().filter(gap::Column::ToMs.lte(self.before_ms)).exec(transaction).await?;
        Ok(true)
    }
}

/// Clears the blocks of dropped segments, and those that a crash left behind.
pub(super) async fn clear(keeper: &Keeper, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
    let due = orphan::Entity::find()
        .filter(orphan::Column::SinceMs.lte(now.as_millis().saturating_sub(HOUR_MS)))
        .order_by_asc(orphan::Column::SegmentId)
        .limit(ORPHANS);
    loop {
        let orphans = due.clone().all(&keeper.reader).await?;
        for orphan in &orphans {
            clear_segment(keeper, orphan.segment_id, pace).await?;
        }
        if (orphans.len() as u64) < ORPHANS {
            return Ok(());
        }
    }
}

/// Clears the blocks of one segment, the last first; it is no orphan any more when they are gone.
async fn clear_segment(keeper: &Keeper, segment_id: Uuid, pace: Pace) -> Result<(), StoreError> {
    let largest = block::Entity::find()
        .filter(block::Column::SegmentId.eq(segment_id))
        .select_only()
        .column_as(block::Column::Number.max(), "largest")
        .into_tuple::<Option<i32>>()
        .one(&keeper.reader)
        .await?;
    let mut from = largest.flatten().unwrap_or(0);
    loop {
        let started = Instant::now();
        from = (from - CLEARED).max(0);
        keeper.pen.change(ClearBlocks { segment_id, from }).await?;
        pace.rest(started.elapsed()).await;
        if from == 0 {
            return Ok(());
        }
    }
}

pub(super) fn of(resolution: Resolution) -> Select<segment::Entity> {
    segment::Entity::find().filter(segment::Column::Resolution.eq(resolution.millis()))
}

/// Gives free space back to the file system, unless it is little and will be needed again within the hour.
pub(super) async fn give_back(keeper: &Keeper, pace: Pace) -> Result<(), StoreError> {
    if keeper.reader.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let cap = keeper.retention.get().max_bytes.unwrap_or(u64::MAX);
    let mut before = room(&keeper.reader).await?;
    while before.is_wasteful(cap) {
        let started = Instant::now();
        keeper.pen.change(Vacuum).await?;
        pace.rest(started.elapsed()).await;
        let after = room(&keeper.reader).await?;
        if after.file_bytes >= before.file_bytes {
            // a file that was made without incremental vacuum keeps its size, and fills up again
            break;
        }
        before = after;
    }
    Ok(())
}

struct Vacuum;

#[async_trait::async_trait]
impl Change for Vacuum {
    async fn make(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        transaction.execute_unprepared(&format!("PRAGMA incremental_vacuum({VACUUMED})")).await?;
        Ok(true)
    }
}

impl Room {
    /// Whether more than an eighth lies idle, or anything does while the file is above `cap`.
    const fn is_wasteful(&self, cap: u64) -> bool {
        let idle = self.file_bytes - self.used_bytes;
        let page = 4096;
        (idle > self.file_bytes / 8 + (4 << 20)) || (self.file_bytes > cap && idle > page)
    }
}
