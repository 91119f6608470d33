//! Drops whole segments that are past their retention, and gives the space back.

use std::time::Instant;

use basira_actors::model::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::super::changes::{ClearBlocks, DropSegments};
use super::super::disk_usage::{DiskUsage, room};
use super::context::{DAY_MS, HOUR_MS, Maintenance, Pace};
use crate::samples::StoreError;
use crate::samples::entity::{block, gap, orphan, segment};
use crate::samples::local::WriteOp;
use crate::samples::retention::Resolution;
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
pub(super) async fn expired(maintenance: &Maintenance, now: Timestamp) -> Result<(), StoreError> {
    let before = |resolution| {
        let kept = i64::try_from(maintenance.retention.get().of(resolution).as_millis()).unwrap_or(i64::MAX);
        // whole days, as they are rolled up
        now.as_millis().saturating_sub(kept).div_euclid(DAY_MS) * DAY_MS
    };
    for resolution in Resolution::ALL {
        for _ in 0..ROUNDS {
            let ids = past(maintenance, resolution, before(resolution)).await?;
            if ids.is_empty() {
                break;
            }
            maintenance.pen.change(DropSegments { ids, lost: Vec::new() }).await?;
        }
    }
    maintenance.pen.change(DropGaps { before_ms: before(Resolution::Hour) }).await?;
    Ok(())
}

/// Segments of `resolution` that ended before: all of a roll-up at once, so that no reader finds it half there.
async fn past(maintenance: &Maintenance, resolution: Resolution, before_ms: i64) -> Result<Vec<Uuid>, DbErr> {
    let rollups: Vec<Uuid> = of(resolution)
        .filter(segment::Column::LastMs.lte(before_ms))
        .filter(segment::Column::RollupId.is_not_null())
        .select_only()
        .column(segment::Column::RollupId)
        .distinct()
        .limit(DROPPED)
        .into_tuple()
        .all(&maintenance.reader)
        .await?;
    let together = of(resolution).filter(segment::Column::RollupId.is_in(rollups));
    together.select_only().column(segment::Column::Id).into_tuple().all(&maintenance.reader).await
}

struct DropGaps {
    before_ms: i64,
}

#[async_trait::async_trait]
impl WriteOp for DropGaps {
    async fn make(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        gap::Entity::delete_many().filter(gap::Column::ToMs.lte(self.before_ms)).exec(transaction).await?;
        Ok(true)
    }
}

/// Clears the blocks of dropped segments, and those that a crash left behind.
pub(super) async fn clear(maintenance: &Maintenance, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
    let due = orphan::Entity::find()
        .filter(orphan::Column::SinceMs.lte(now.as_millis().saturating_sub(HOUR_MS)))
        .order_by_asc(orphan::Column::SegmentId)
        .limit(ORPHANS);
    loop {
        let orphans = due.clone().all(&maintenance.reader).await?;
        for orphan in &orphans {
            clear_segment(maintenance, orphan.segment_id, pace).await?;
        }
        if (orphans.len() as u64) < ORPHANS {
            return Ok(());
        }
    }
}

/// Clears the blocks of one segment, the last first; it is no orphan any more when they are gone.
async fn clear_segment(maintenance: &Maintenance, segment_id: Uuid, pace: Pace) -> Result<(), StoreError> {
    let largest = block::Entity::find()
        .filter(block::Column::SegmentId.eq(segment_id))
        .select_only()
        .column_as(block::Column::Number.max(), "largest")
        .into_tuple::<Option<i32>>()
        .one(&maintenance.reader)
        .await?;
    let mut from = largest.flatten().unwrap_or(0);
    loop {
        let started = Instant::now();
        from = (from - CLEARED).max(0);
        maintenance.pen.change(ClearBlocks { segment_id, from }).await?;
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
pub(super) async fn give_back(maintenance: &Maintenance, pace: Pace) -> Result<(), StoreError> {
    if maintenance.reader.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let cap = maintenance.retention.get().max_bytes.unwrap_or(u64::MAX);
    let mut before = room(&maintenance.reader).await?;
    while before.is_wasteful(cap) {
        let started = Instant::now();
        maintenance.pen.change(Vacuum).await?;
        pace.rest(started.elapsed()).await;
        let after = room(&maintenance.reader).await?;
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
impl WriteOp for Vacuum {
    async fn make(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        transaction.execute_unprepared(&format!("PRAGMA incremental_vacuum({VACUUMED})")).await?;
        Ok(true)
    }
}

impl DiskUsage {
    /// Whether more than an eighth lies idle, or anything does while the file is above `cap`.
    const fn is_wasteful(&self, cap: u64) -> bool {
        let idle = self.file_bytes - self.used_bytes;
        let page = 4096;
        (idle > self.file_bytes / 8 + (4 << 20)) || (self.file_bytes > cap && idle > page)
    }
}
