//! Deletes segments and gaps that are past their retention.

use basira_actors::model::Timestamp;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::super::changes::DeleteSegments;
use super::context::{DAY_MS, Maintenance};
use crate::samples::StoreError;
use crate::samples::entity::{gap, segment};
use crate::samples::local::WriteOp;
use crate::samples::retention::Resolution;
use crate::storage::Transaction;

/// Roll-ups of which one resolution is deleted in one transaction.
const ROLLUPS_PER_TRANSACTION: u64 = 32;
/// Such transactions in one run, so that a fault does not delete everything at once.
const TRANSACTIONS_PER_RUN: usize = 32;

/// Deletes what is past its retention at `now`; raw segments only after they are rolled up.
pub(super) async fn delete_expired(maintenance: &Maintenance, now: Timestamp) -> Result<(), StoreError> {
    let before = |resolution| {
        let retention_ms =
            i64::try_from(maintenance.local.retention.get().of(resolution).as_millis()).unwrap_or(i64::MAX);
        // whole days, as they are rolled up
        now.as_millis().saturating_sub(retention_ms).div_euclid(DAY_MS) * DAY_MS
    };
    for resolution in Resolution::ALL {
        for _ in 0..TRANSACTIONS_PER_RUN {
            let ids = expired(maintenance, resolution, before(resolution)).await?;
            if ids.is_empty() {
                break;
            }
            maintenance.local.writer.change(DeleteSegments { ids, lost: Vec::new() }).await?;
        }
    }
    maintenance.local.writer.change(DeleteGaps { before_ms: before(Resolution::Hour) }).await?;
    Ok(())
}

/// The segments of `resolution` that ended by `before_ms`: of a roll-up all at once, so that no reader finds only some.
async fn expired(
    maintenance: &Maintenance,
    resolution: Resolution,
    before_ms: i64,
) -> Result<Vec<Uuid>, DbErr> {
    let rollups: Vec<Uuid> = of(resolution)
        .filter(segment::Column::LastMs.lte(before_ms))
        .filter(segment::Column::RollupId.is_not_null())
        .select_only()
        .column(segment::Column::RollupId)
        .distinct()
        .limit(ROLLUPS_PER_TRANSACTION)
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    let together = of(resolution).filter(segment::Column::RollupId.is_in(rollups));
    together.select_only().column(segment::Column::Id).into_tuple().all(&maintenance.local.reader).await
}

struct DeleteGaps {
    before_ms: i64,
}

#[async_trait::async_trait]
impl WriteOp for DeleteGaps {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        gap::Entity::delete_many().filter(gap::Column::ToMs.lte(self.before_ms)).exec(transaction).await?;
        Ok(true)
    }
}

pub(super) fn of(resolution: Resolution) -> Select<segment::Entity> {
    segment::Entity::find().filter(segment::Column::Resolution.eq(resolution.millis()))
}
