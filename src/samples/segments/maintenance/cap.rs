//! Keeps the store below its cap: the organization that takes most space loses its oldest and finest data first.

use std::collections::BTreeMap;

use basira_actors::model::{DatabaseId, Gap, GapReason, OrganizationId, Timestamp, streams};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, IntoColumnRef, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::changes::DeleteSegments;
use super::super::disk_usage::room_above;
use super::context::{Maintenance, Pace};
use super::free_space::delete_orphans;
use super::organization_sizes::{Kind, OrganizationSizes};
use super::retention::of;
use crate::samples::entity::{entry, segment, tail, word};
use crate::samples::local::WriteOp;
use crate::samples::local::{CHUNK, insert_gaps};
use crate::samples::retention::Resolution;
use crate::samples::{DatabaseScope, StoreError};
use crate::storage::Transaction;

/// Records of the tail that are deleted in one transaction.
const RECORDS: u64 = 256;

/// Deletes until the store is below its cap; within an organization what takes most: samples, texts or entries.
pub(super) async fn enforce(maintenance: &Maintenance, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
    let Some(cap) = maintenance.local.retention.get().max_bytes else { return Ok(()) };
    let aim = cap - cap / 20;
    loop {
        let used = room_above(&maintenance.local.reader, aim).await?.used_bytes;
        let Some(mut excess) = used.checked_sub(aim).filter(|excess| *excess > 0) else { return Ok(()) };
        let mut shares = OrganizationSizes::of(&maintenance.local.reader, cap).await?;
        while excess > 0 {
            let Some(freed) = give(maintenance, &mut shares).await? else {
                tracing::warn!(
                    cap_bytes = cap,
                    used_bytes = used,
                    "the sample store is above its cap and has nothing left to drop: raise samples.retention.max_bytes"
                );
                return Ok(());
            };
            excess = excess.saturating_sub(freed);
            delete_orphans(maintenance, now, pace).await?;
        }
    }
}

/// Deletes something of the organization that takes most. Returns the freed bytes; none when nothing is left.
async fn give(maintenance: &Maintenance, shares: &mut OrganizationSizes) -> Result<Option<u64>, StoreError> {
    while let Some(share) = shares.heaviest() {
        let organization = share.organization_id;
        let Some(kind) = share.largest() else { continue };
        let freed = match kind {
            Kind::Samples => drop_samples(maintenance, organization).await?,
            Kind::Words => drop_words(maintenance, organization).await?,
            Kind::Entries => drop_entries(maintenance, organization).await?,
        };
        shares.reduce(organization, kind, freed);
        if let Some(freed) = freed {
            maintenance.local.notices.dropped(OrganizationId(organization));
            return Ok(Some(Ord::max(freed.unsigned_abs(), 1)));
        }
    }
    Ok(None)
}

async fn drop_samples(maintenance: &Maintenance, organization: Uuid) -> Result<Option<i64>, StoreError> {
    if let Some((change, bytes)) = oldest_segment(maintenance, organization).await? {
        maintenance.local.writer.change(change).await?;
        return Ok(Some(bytes));
    }
    let Some((change, bytes)) = oldest_records(maintenance, organization).await? else { return Ok(None) };
    maintenance.local.writer.change(change).await?;
    Ok(Some(bytes))
}

type Oldest = (Uuid, Option<Uuid>, Uuid, String, i64, i64, i64);

/// The first to delete: raw segments that are rolled up, then minutes, then hours, then raw segments that are not.
async fn oldest_segment(
    maintenance: &Maintenance,
    organization: Uuid,
) -> Result<Option<(DeleteSegments, i64)>, DbErr> {
    for (resolution, is_rolled_up) in [
        (Resolution::Raw, true),
        (Resolution::Minute, true),
        (Resolution::Hour, true),
        (Resolution::Raw, false),
    ] {
        let rollup = segment::Column::RollupId;
        let oldest = of(resolution)
            .filter(segment::Column::OrganizationId.eq(organization))
            .filter(if is_rolled_up { rollup.is_not_null() } else { rollup.is_null() })
            .order_by(segment::Column::LastMs, Order::Asc)
            .select_only()
            .columns([
                segment::Column::Id,
                segment::Column::RollupId,
                segment::Column::DatabaseId,
                segment::Column::Stream,
                segment::Column::FirstMs,
                segment::Column::LastMs,
                segment::Column::SizeBytes,
            ])
            .into_tuple::<Oldest>()
            .one(&maintenance.local.reader)
            .await?;
        let Some((id, rollup, database, stream, first, last, bytes)) = oldest else { continue };
        let (ids, bytes) = match rollup {
            Some(rollup) => together(maintenance, resolution, rollup).await?,
            None => (vec![id], bytes),
        };
        let holds_all = resolution == Resolution::Hour || !is_rolled_up;
        let lost = streams::find(&stream).filter(|_| holds_all).map(|stream| {
            let scope =
                DatabaseScope { organization: OrganizationId(organization), database: DatabaseId(database) };
            (scope, Gap { stream, from: Timestamp(first), to: Timestamp(last), reason: GapReason::Dropped })
        });
        return Ok(Some((DeleteSegments { ids, lost: lost.into_iter().collect() }, bytes)));
    }
    Ok(None)
}

/// All segments of a roll-up, so that no reader finds only some, and their size.
async fn together(
    maintenance: &Maintenance,
    resolution: Resolution,
    rollup: Uuid,
) -> Result<(Vec<Uuid>, i64), DbErr> {
    let rows: Vec<(Uuid, i64)> = of(resolution)
        .filter(segment::Column::RollupId.eq(rollup))
        .select_only()
        .columns([segment::Column::Id, segment::Column::SizeBytes])
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    let bytes = rows.iter().map(|(_, bytes)| bytes).sum();
    Ok((rows.into_iter().map(|(id, _)| id).collect(), bytes))
}

/// Of a text or a blob, as both databases count it.
fn length(column: impl IntoColumnRef) -> SimpleExpr {
    Expr::from(Func::cust("LENGTH").arg(Expr::col(column))).cast_as("BIGINT")
}

/// The oldest records that are not sealed yet: all that is left of an organization that has no segment.
async fn oldest_records(
    maintenance: &Maintenance,
    organization: Uuid,
) -> Result<Option<(DropRecords, i64)>, DbErr> {
    let rows: Vec<(Uuid, String, i64, i64, i64)> = tail::Entity::find()
        .filter(tail::Column::OrganizationId.eq(organization))
        .order_by_asc(tail::Column::AtMs)
        .limit(RECORDS)
        .select_only()
        .columns([tail::Column::DatabaseId, tail::Column::Stream, tail::Column::FromMs, tail::Column::AtMs])
        .column_as(length(tail::Column::Record), "bytes")
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut spans: BTreeMap<(Uuid, String), (i64, i64)> = BTreeMap::new();
    let mut freed = 0;
    for (database, stream, from, at, bytes) in rows {
        let (first, last) = spans.entry((database, stream)).or_insert((from, at));
        (*first, *last) = (Ord::min(from, *first), Ord::max(at, *last));
        freed += bytes + 150;
    }
    Ok(Some((DropRecords { organization: OrganizationId(organization), spans }, freed)))
}

/// Deletes records of the tail: of each stream those that end by the end of its span, which becomes a gap.
struct DropRecords {
    organization: OrganizationId,
    spans: BTreeMap<(Uuid, String), (i64, i64)>,
}

#[async_trait::async_trait]
impl WriteOp for DropRecords {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        for ((database, name), (first, last)) in &self.spans {
            tail::Entity::delete_many()
                .filter(tail::Column::DatabaseId.eq(*database))
                .filter(tail::Column::Stream.eq(name))
                .filter(tail::Column::OrganizationId.eq(self.organization.0))
                .filter(tail::Column::AtMs.lte(*last))
                .exec(transaction)
                .await?;
            if let Some(stream) = streams::find(name) {
                let scope =
                    DatabaseScope { organization: self.organization, database: DatabaseId(*database) };
                let (from, to) = (Timestamp(*first), Timestamp(*last));
                insert_gaps(transaction, &[(scope, Gap { stream, from, to, reason: GapReason::Dropped })])
                    .await?;
            }
        }
        Ok(true)
    }
}

/// Deletes the texts that were used longest ago. Samples that refer to them stay, without text until it is stored again.
async fn drop_words(maintenance: &Maintenance, organization: Uuid) -> Result<Option<i64>, StoreError> {
    let rows: Vec<(i64, i64)> = word::Entity::find()
        .filter(word::Column::OrganizationId.eq(organization))
        .order_by_asc(word::Column::SeenMs)
        .limit(CHUNK as u64)
        .select_only()
        .column(word::Column::Hash)
        .column_as(length(word::Column::Text), "bytes")
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let freed = rows.iter().map(|(_, bytes)| bytes + 80).sum();
    let hashes = rows.into_iter().map(|(hash, _)| hash).collect();
    maintenance.local.writer.change(DropWords { organization, hashes }).await?;
    Ok(Some(freed))
}

struct DropWords {
    organization: Uuid,
    hashes: Vec<i64>,
}

#[async_trait::async_trait]
impl WriteOp for DropWords {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        word::Entity::delete_many()
            .filter(word::Column::OrganizationId.eq(self.organization))
            .filter(word::Column::Hash.is_in(self.hashes.iter().copied()))
            .exec(transaction)
            .await?;
        Ok(true)
    }
}

/// Deletes the entries that were used longest ago; a series without one is its own group until it is stored again.
async fn drop_entries(maintenance: &Maintenance, organization: Uuid) -> Result<Option<i64>, StoreError> {
    let rows: Vec<(Uuid, String, i64)> = entry::Entity::find()
        .filter(entry::Column::OrganizationId.eq(organization))
        .order_by_asc(entry::Column::SeenMs)
        .limit(CHUNK as u64)
        .select_only()
        .columns([entry::Column::DatabaseId, entry::Column::Stream, entry::Column::Series])
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let freed = i64::try_from(rows.len()).unwrap_or(i64::MAX).saturating_mul(250);
    let mut by_stream: BTreeMap<(Uuid, String), Vec<i64>> = BTreeMap::new();
    for (database, stream, series) in rows {
        by_stream.entry((database, stream)).or_default().push(series);
    }
    let changed: Vec<(Uuid, String)> = by_stream.keys().cloned().collect();
    maintenance.local.writer.change(DropEntries { organization, by_stream }).await?;
    for (database, name) in changed {
        if let Some(stream) = streams::find(&name) {
            maintenance.local.series_groups.changed(DatabaseId(database), stream.name);
        }
    }
    Ok(Some(freed))
}

struct DropEntries {
    organization: Uuid,
    by_stream: BTreeMap<(Uuid, String), Vec<i64>>,
}

#[async_trait::async_trait]
impl WriteOp for DropEntries {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        for ((database, stream), series) in &self.by_stream {
            entry::Entity::delete_many()
                .filter(entry::Column::DatabaseId.eq(*database))
                .filter(entry::Column::OrganizationId.eq(self.organization))
                .filter(entry::Column::Stream.eq(stream))
                .filter(entry::Column::Series.is_in(series.iter().copied()))
                .exec(transaction)
                .await?;
        }
        Ok(true)
    }
}
