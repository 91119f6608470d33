//! The writes of the engine besides appends: each one short transaction.

use std::collections::HashSet;

use async_trait::async_trait;
use basira_actors::model::{DatabaseId, Gap, Stream};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::samples::DatabaseScope;
use crate::samples::entity::{block, entry, orphan, segment, tail, word};
use crate::samples::local::{CHUNK, WriteOp, delete_segments, insert_gaps};
use crate::storage::Transaction;

/// Stores blocks of a segment before the segment itself.
pub(in crate::samples) struct StoreBlocks {
    pub(in crate::samples) orphan: orphan::Model,
    pub(in crate::samples) blocks: Vec<block::Model>,
}

#[async_trait]
impl WriteOp for StoreBlocks {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        let noted = sea_orm::sea_query::OnConflict::new().do_nothing().to_owned();
        orphan::Entity::insert(self.orphan.clone().into_active_model())
            .on_conflict(noted)
            .exec_without_returning(transaction)
            .await?;
        let blocks = self.blocks.iter().cloned().map(IntoActiveModel::into_active_model);
        block::Entity::insert_many(blocks).exec_without_returning(transaction).await?;
        Ok(true)
    }
}

/// Replaces a span of the tail by a segment, whose blocks are stored.
pub(in crate::samples) struct Seal {
    pub(in crate::samples) scope: DatabaseScope,
    pub(in crate::samples) stream: &'static Stream,
    /// The ends of the first and the last record of the span, and the number of its records.
    pub(in crate::samples) tail_ms: (i64, i64),
    pub(in crate::samples) tail_rows: u64,
    /// None when not one record could be read.
    pub(in crate::samples) segment: Option<segment::Model>,
    pub(in crate::samples) damaged: Vec<Gap>,
}

#[async_trait]
impl WriteOp for Seal {
    /// False when the tail changed since it was read.
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        let taken = tail::Entity::delete_many()
            .filter(tail::Column::DatabaseId.eq(self.scope.database.0))
            .filter(tail::Column::Stream.eq(self.stream.name))
            .filter(tail::Column::AtMs.between(self.tail_ms.0, self.tail_ms.1))
            .exec(transaction)
            .await?;
        if taken.rows_affected != self.tail_rows {
            return Ok(false);
        }
        if let Some(segment) = &self.segment {
            publish(transaction, segment).await?;
        }
        let gaps: Vec<_> = self.damaged.iter().map(|&gap| (self.scope, gap)).collect();
        insert_gaps(transaction, &gaps).await?;
        Ok(true)
    }

    fn seals(&self) -> Option<(DatabaseId, &'static str, i64)> {
        Some((self.scope.database, self.stream.name, self.tail_ms.1))
    }
}

/// Makes a segment visible: its blocks are no longer orphans.
async fn publish(transaction: &Transaction, segment: &segment::Model) -> Result<(), DbErr> {
    orphan::Entity::delete_by_id(segment.id).exec(transaction).await?;
    segment::Entity::insert(segment.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

/// Adds roll-ups, whose blocks are stored, to the segments that they were made of.
pub(in crate::samples) struct RollUp {
    pub(in crate::samples) scope: DatabaseScope,
    pub(in crate::samples) stream: &'static Stream,
    pub(in crate::samples) id: Uuid,
    pub(in crate::samples) of: Vec<Uuid>,
    pub(in crate::samples) made: Vec<segment::Model>,
    pub(in crate::samples) damaged: Vec<Gap>,
    /// The series and texts that the segments refer to.
    pub(in crate::samples) series: Vec<u64>,
    pub(in crate::samples) words: HashSet<u64>,
    pub(in crate::samples) seen_ms: i64,
}

#[async_trait]
impl WriteOp for RollUp {
    /// False when a segment was deleted or rolled up since it was read.
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        let marked = segment::Entity::update_many()
            .col_expr(segment::Column::RollupId, self.id.into())
            .filter(segment::Column::Id.is_in(self.of.iter().copied()))
            .filter(segment::Column::RollupId.is_null())
            .exec(transaction)
            .await?;
        if marked.rows_affected != self.of.len() as u64 {
            return Ok(false);
        }
        for segment in &self.made {
            publish(transaction, segment).await?;
        }
        let gaps: Vec<_> = self.damaged.iter().map(|&gap| (self.scope, gap)).collect();
        insert_gaps(transaction, &gaps).await?;
        for series in self.series.chunks(CHUNK) {
            entry::Entity::update_many()
                .col_expr(entry::Column::SeenMs, self.seen_ms.into())
                .filter(entry::Column::DatabaseId.eq(self.scope.database.0))
                .filter(entry::Column::Stream.eq(self.stream.name))
                .filter(entry::Column::Series.is_in(series.iter().map(|series| series.cast_signed())))
                .filter(entry::Column::SeenMs.lt(self.seen_ms))
                .exec(transaction)
                .await?;
        }
        let words: Vec<i64> = self.words.iter().map(|word| word.cast_signed()).collect();
        for words in words.chunks(CHUNK) {
            word::Entity::update_many()
                .col_expr(word::Column::SeenMs, self.seen_ms.into())
                .filter(word::Column::OrganizationId.eq(self.scope.organization.0))
                .filter(word::Column::Hash.is_in(words.iter().copied()))
                .filter(word::Column::SeenMs.lt(self.seen_ms))
                .exec(transaction)
                .await?;
        }
        Ok(true)
    }
}

/// Deletes segments; their blocks are deleted later. Where nothing else has their records, that is a gap.
pub(in crate::samples) struct DeleteSegments {
    pub(in crate::samples) ids: Vec<Uuid>,
    pub(in crate::samples) lost: Vec<(DatabaseScope, Gap)>,
}

#[async_trait]
impl WriteOp for DeleteSegments {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        insert_gaps(transaction, &self.lost).await?;
        delete_segments(transaction, &self.ids).await?;
        Ok(true)
    }
}

/// Deletes blocks of a deleted segment, the last numbers first.
pub(in crate::samples) struct DeleteBlocks {
    pub(in crate::samples) segment_id: Uuid,
    /// From this number on; when that is 0, nothing is left.
    pub(in crate::samples) from: i32,
}

#[async_trait]
impl WriteOp for DeleteBlocks {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        block::Entity::delete_many()
            .filter(block::Column::SegmentId.eq(self.segment_id))
            .filter(block::Column::Number.gte(self.from))
            .exec(transaction)
            .await?;
        if self.from == 0 {
            orphan::Entity::delete_by_id(self.segment_id).exec(transaction).await?;
        }
        Ok(true)
    }
}
