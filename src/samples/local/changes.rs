//! Changes of the tables that both engines make besides appends.

use async_trait::async_trait;
use basira_actors::model::Gap;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::insert::{CHUNK, insert_gaps};
use super::writer::WriteOp;
use crate::samples::DatabaseScope;
use crate::samples::entity::{entry, gap, orphan, segment, tail};
use crate::storage::Transaction;

/// Stores a gap.
pub(super) struct InsertGap(pub(in crate::samples) DatabaseScope, pub(in crate::samples) Gap);

#[async_trait]
impl WriteOp for InsertGap {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        insert_gaps(transaction, &[(self.0, self.1)]).await?;
        Ok(true)
    }
}

/// Deletes the rows of a database from every table. The words of its organization stay until no sample refers to them.
pub(super) struct DeleteDatabase(pub(in crate::samples) DatabaseScope);

#[async_trait]
impl WriteOp for DeleteDatabase {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        let (database, organization) = (self.0.database.0, self.0.organization.0);
        macro_rules! delete_from {
            ($($table:ident),*) => {$(
                $table::Entity::delete_many()
                    .filter($table::Column::DatabaseId.eq(database))
                    .filter($table::Column::OrganizationId.eq(organization))
                    .exec(transaction)
                    .await?;
            )*};
        }
        delete_from!(tail, gap, entry);
        let segments: Vec<Uuid> = segment::Entity::find()
            .filter(segment::Column::DatabaseId.eq(database))
            .filter(segment::Column::OrganizationId.eq(organization))
            .select_only()
            .column(segment::Column::Id)
            .into_tuple()
            .all(transaction)
            .await?;
        delete_segments(transaction, &segments).await?;
        Ok(true)
    }
}

pub(in crate::samples) async fn delete_segments(
    transaction: &Transaction,
    ids: &[Uuid],
) -> Result<(), DbErr> {
    for ids in ids.chunks(CHUNK) {
        segment::Entity::delete_many()
            .filter(segment::Column::Id.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
        let orphans =
            ids.iter().map(|&segment_id| orphan::Model { segment_id, since_ms: 0 }.into_active_model());
        orphan::Entity::insert_many(orphans)
            .on_conflict_do_nothing()
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}
