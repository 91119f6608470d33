//! Inserts appended rows, many in one statement.

use std::collections::HashMap;

use basira_actors::model::{Gap, SeriesEntry, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};

use super::prepared::Prepared;
use crate::samples::DatabaseScope;
use crate::samples::entity::{entry, gap, tail, word};
use crate::storage::Transaction;

/// Both SQLite and PostgreSQL take some 32,000 values in a statement.
pub(in crate::samples) const CHUNK: usize = 1_000;
/// How often the last use of a text is updated at most: it costs a write.
const SEEN_RESOLUTION_MS: i64 = 24 * 3_600_000;

/// Inserts everything of `batches`. Rows that exist stay as they are, except entries, which are updated.
pub(in crate::samples) async fn insert(transaction: &Transaction, batches: &[Prepared]) -> Result<(), DbErr> {
    insert_records(transaction, batches).await?;
    let gaps: Vec<_> =
        batches.iter().flat_map(|batch| batch.batch.gaps.iter().map(|&gap| (batch.scope, gap))).collect();
    insert_gaps(transaction, &gaps).await?;
    insert_entries(transaction, batches).await?;
    insert_words(transaction, batches).await
}

async fn insert_records(transaction: &Transaction, batches: &[Prepared]) -> Result<(), DbErr> {
    let models = batches.iter().flat_map(|batch| {
        batch.records.iter().map(|record| tail::Model {
            database_id: batch.scope.database.0,
            stream: record.stream.name.to_owned(),
            at_ms: record.at_ms,
            from_ms: record.from_ms,
            organization_id: batch.scope.organization.0,
            record: record.blob.clone(),
        })
    });
    let models: Vec<_> = models.map(IntoActiveModel::into_active_model).collect();
    for chunk in models.chunks(CHUNK) {
        tail::Entity::insert_many(chunk.to_vec())
            .on_conflict_do_nothing()
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

pub(in crate::samples) async fn insert_gaps(
    transaction: &Transaction,
    gaps: &[(DatabaseScope, Gap)],
) -> Result<(), DbErr> {
    for chunk in gaps.chunks(CHUNK) {
        let models = chunk.iter().map(|(scope, gap)| gap::Model {
            database_id: scope.database.0,
            stream: gap.stream.name.to_owned(),
            to_ms: gap.to.as_millis(),
            from_ms: gap.from.as_millis(),
            reason: gap.reason.as_str().to_owned(),
            organization_id: scope.organization.0,
        });
        gap::Entity::insert_many(models.map(IntoActiveModel::into_active_model))
            .on_conflict_do_nothing()
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

async fn insert_entries(transaction: &Transaction, batches: &[Prepared]) -> Result<(), DbErr> {
    // a statement may change a row only once: the newest entry of a series is taken
    let mut newest: HashMap<_, (DatabaseScope, &SeriesEntry)> = HashMap::new();
    for batch in batches {
        for entry in &batch.batch.entries {
            newest.insert((batch.scope.database, entry.stream.name, entry.series), (batch.scope, entry));
        }
    }
    let seen_ms = Timestamp::now().as_millis();
    let models: Vec<_> =
        newest.into_values().map(|(scope, entry)| entry_model(scope, entry, seen_ms)).collect();
    for chunk in models.chunks(CHUNK) {
        let update =
            OnConflict::columns([entry::Column::DatabaseId, entry::Column::Stream, entry::Column::Series])
                .update_columns([entry::Column::GroupHash, entry::Column::Labels, entry::Column::SeenMs])
                .to_owned();
        entry::Entity::insert_many(chunk.iter().cloned().map(IntoActiveModel::into_active_model))
            .on_conflict(update)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

fn entry_model(scope: DatabaseScope, entry: &SeriesEntry, seen_ms: i64) -> entry::Model {
    entry::Model {
        database_id: scope.database.0,
        stream: entry.stream.name.to_owned(),
        series: entry.series.cast_signed(),
        group_hash: entry.group.cast_signed(),
        organization_id: scope.organization.0,
        labels: serde_json::Value::Object(entry.labels.clone()),
        seen_ms,
    }
}

async fn insert_words(transaction: &Transaction, batches: &[Prepared]) -> Result<(), DbErr> {
    let mut texts = HashMap::new();
    for batch in batches {
        for word in &batch.batch.dictionary {
            texts.insert((batch.scope.organization, word.hash), &word.text);
        }
    }
    let seen_ms = Timestamp::now().as_millis();
    let models: Vec<_> = texts
        .into_iter()
        .map(|((organization, hash), text)| word::Model {
            organization_id: organization.0,
            hash: hash.cast_signed(),
            text: text.to_string(),
            seen_ms,
        })
        .collect();
    for chunk in models.chunks(CHUNK) {
        let seen_again = OnConflict::columns([word::Column::OrganizationId, word::Column::Hash])
            .update_column(word::Column::SeenMs)
            .action_and_where(
                Expr::col((word::Entity, word::Column::SeenMs))
                    .lt(seen_ms.saturating_sub(SEEN_RESOLUTION_MS)),
            )
            .to_owned();
        word::Entity::insert_many(chunk.iter().cloned().map(IntoActiveModel::into_active_model))
            .on_conflict(seen_again)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}
