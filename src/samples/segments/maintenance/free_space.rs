//! Deletes the blocks of deleted segments, and gives free pages of SQLite back to the file system.

use std::time::Instant;

use basira_actors::model::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::super::changes::DeleteBlocks;
use super::super::disk_usage::{DiskUsage, room};
use super::context::{HOUR_MS, Maintenance, Pace};
use crate::samples::StoreError;
use crate::samples::entity::{block, orphan};
use crate::samples::local::WriteOp;
use crate::storage::Transaction;

/// Blocks that are deleted in one transaction.
const BLOCKS_PER_TRANSACTION: i32 = 64;
/// Pages that SQLite moves and cuts off in one transaction: half a megabyte.
const VACUUM_PAGES: u32 = 256;
/// Deleted segments that are read at once.
const ORPHANS: u64 = 1_000;

/// Deletes the blocks of deleted segments, and those that a crash left behind.
pub(super) async fn delete_orphans(
    maintenance: &Maintenance,
    now: Timestamp,
    pace: Pace,
) -> Result<(), StoreError> {
    let due = orphan::Entity::find()
        .filter(orphan::Column::SinceMs.lte(now.as_millis().saturating_sub(HOUR_MS)))
        .order_by_asc(orphan::Column::SegmentId)
        .limit(ORPHANS);
    loop {
        let orphans = due.clone().all(&maintenance.local.reader).await?;
        for orphan in &orphans {
            delete_blocks(maintenance, orphan.segment_id, pace).await?;
        }
        if (orphans.len() as u64) < ORPHANS {
            return Ok(());
        }
    }
}

/// Deletes the blocks of one segment, the last first, and then the note that they are orphans.
async fn delete_blocks(maintenance: &Maintenance, segment_id: Uuid, pace: Pace) -> Result<(), StoreError> {
    let largest = block::Entity::find()
        .filter(block::Column::SegmentId.eq(segment_id))
        .select_only()
        .column_as(block::Column::Number.max(), "largest")
        .into_tuple::<Option<i32>>()
        .one(&maintenance.local.reader)
        .await?;
    let mut from = largest.flatten().unwrap_or(0);
    loop {
        let started = Instant::now();
        from = (from - BLOCKS_PER_TRANSACTION).max(0);
        maintenance.local.writer.change(DeleteBlocks { segment_id, from }).await?;
        pace.pause(started.elapsed()).await;
        if from == 0 {
            return Ok(());
        }
    }
}

/// Gives free space back to the file system, unless it is little and soon needed again.
pub(super) async fn shrink_file(maintenance: &Maintenance, pace: Pace) -> Result<(), StoreError> {
    if maintenance.local.reader.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let cap = maintenance.local.retention.get().max_bytes.unwrap_or(u64::MAX);
    let mut before = room(&maintenance.local.reader).await?;
    while before.is_wasteful(cap) {
        let started = Instant::now();
        maintenance.local.writer.change(Vacuum).await?;
        pace.pause(started.elapsed()).await;
        let after = room(&maintenance.local.reader).await?;
        if after.file_bytes >= before.file_bytes {
            // a file without incremental vacuum keeps its size; new rows fill its free pages
            break;
        }
        before = after;
    }
    Ok(())
}

struct Vacuum;

#[async_trait::async_trait]
impl WriteOp for Vacuum {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        transaction.execute_unprepared(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})")).await?;
        Ok(true)
    }
}

impl DiskUsage {
    /// Whether more than an eighth of the file is free, or any of it while the file is above `cap`.
    const fn is_wasteful(&self, cap: u64) -> bool {
        let free = self.file_bytes - self.used_bytes;
        let page = 4096;
        (free > self.file_bytes / 8 + (4 << 20)) || (self.file_bytes > cap && free > page)
    }
}
