//! Deletes entries and texts that no sample refers to any longer.

use std::collections::HashMap;

use basira_actors::model::{ColumnKind, DatabaseId, NULL, OrganizationId, Stream, Timestamp, streams};
use rustc_hash::FxHashSet;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::super::decoded_cache::DecodedCache;
use super::super::read::{Walk, snapshot};
use super::context::{DAY_MS, Maintenance};
use super::failures::Failures;
use crate::samples::aggregate::{Accumulator, Cells, Columns, CompactRecord};
use crate::samples::codec::Table;
use crate::samples::entity::{entry, word};
use crate::samples::local::CHUNK;
use crate::samples::local::WriteOp;
use crate::samples::{DatabaseScope, StoreError, Window};
use crate::storage::Transaction;

/// Samples younger than this may not be rolled up yet; what they refer to is looked up in the samples themselves.
const UNNOTED_MS: i64 = 3 * DAY_MS;

/// Deletes what no sample within the retention of hours refers to.
pub(super) async fn delete_unused(maintenance: &Maintenance, now: Timestamp) -> Result<(), StoreError> {
    let kept = i64::try_from(maintenance.local.retention.get().hour.as_millis()).unwrap_or(i64::MAX);
    let before_ms = now.as_millis().saturating_sub(kept);
    let since = Timestamp(now.as_millis().saturating_sub(UNNOTED_MS));
    let window = Window { since, until: Timestamp(i64::MAX) };
    let mut failures = Failures::default();
    failures.note(delete_unused_entries(maintenance, before_ms, window).await)?;
    failures.note(delete_unused_words(maintenance, before_ms, window).await)?;
    failures.finish()
}

async fn delete_unused_entries(
    maintenance: &Maintenance,
    before_ms: i64,
    window: Window,
) -> Result<(), StoreError> {
    let old: Vec<(Uuid, Uuid, String, i64)> = entry::Entity::find()
        .filter(entry::Column::SeenMs.lte(before_ms))
        .select_only()
        .columns([
            entry::Column::OrganizationId,
            entry::Column::DatabaseId,
            entry::Column::Stream,
            entry::Column::Series,
        ])
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    let mut by_stream: HashMap<(Uuid, Uuid, String), Vec<i64>> = HashMap::new();
    for (organization, database, stream, series) in old {
        by_stream.entry((organization, database, stream)).or_default().push(series);
    }
    let mut failures = Failures::default();
    for ((organization, database, name), series) in by_stream {
        let scope =
            DatabaseScope { organization: OrganizationId(organization), database: DatabaseId(database) };
        if let Some(stream) = streams::find(&name) {
            let entries = DropEntries { scope, stream, series, before_ms };
            failures.note(drop_entries(maintenance, entries, window).await)?;
        }
    }
    failures.finish()
}

/// Drops those of `entries` that nothing refers to.
async fn drop_entries(
    maintenance: &Maintenance,
    mut entries: DropEntries,
    window: Window,
) -> Result<(), StoreError> {
    let (scope, stream) = (entries.scope, entries.stream);
    let used = used(maintenance, scope, stream, window).await?;
    entries.series.retain(|series| !used.series.contains(&series.cast_unsigned()));
    let dropped = maintenance.local.writer.change(entries).await.map(drop);
    // also after an error: they may be deleted all the same
    maintenance.local.series_groups.changed(scope.database, stream.name);
    dropped
}

async fn delete_unused_words(
    maintenance: &Maintenance,
    before_ms: i64,
    window: Window,
) -> Result<(), StoreError> {
    // the fingerprint of a statement is both its group and its text's hash
    let of_a_group = Query::select()
        .expr(1)
        .from(entry::Entity)
        .and_where(
            Expr::col((entry::Entity, entry::Column::GroupHash)).equals((word::Entity, word::Column::Hash)),
        )
        .and_where(
            Expr::col((entry::Entity, entry::Column::OrganizationId))
                .equals((word::Entity, word::Column::OrganizationId)),
        )
        .to_owned();
    let old: Vec<(Uuid, i64)> = word::Entity::find()
        .filter(word::Column::SeenMs.lte(before_ms))
        .filter(Expr::exists(of_a_group).not())
        .select_only()
        .columns([word::Column::OrganizationId, word::Column::Hash])
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    let mut by_organization: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for (organization, hash) in old {
        by_organization.entry(organization).or_default().push(hash);
    }
    let mut failures = Failures::default();
    for (organization, hashes) in by_organization {
        let words = DropWords { organization: OrganizationId(organization), hashes, before_ms };
        failures.note(drop_words(maintenance, words, window).await)?;
    }
    failures.finish()
}

/// Drops those of `words` that nothing refers to.
async fn drop_words(
    maintenance: &Maintenance,
    mut words: DropWords,
    window: Window,
) -> Result<(), StoreError> {
    for scope in databases(maintenance, words.organization).await? {
        for stream in streams::ALL.iter().copied().filter(|stream| names_things(stream)) {
            let used = used(maintenance, scope, stream, window).await?;
            words.hashes.retain(|hash| !used.words.contains(hash));
        }
    }
    maintenance.local.writer.change(words).await.map(drop)
}

fn names_things(stream: &Stream) -> bool {
    stream.columns.iter().any(|column| column.kind == ColumnKind::Text)
}

/// The databases of an organization that have any samples that could name something.
async fn databases(
    maintenance: &Maintenance,
    organization: OrganizationId,
) -> Result<Vec<DatabaseScope>, DbErr> {
    use crate::samples::entity::{segment, tail};
    let mut found = FxHashSet::default();
    macro_rules! collect_from {
        ($($table:ident),*) => {$(
            let ids: Vec<Uuid> = $table::Entity::find()
                .filter($table::Column::OrganizationId.eq(organization.0))
                .select_only()
                .column($table::Column::DatabaseId)
                .distinct()
                .into_tuple()
                .all(&maintenance.local.reader)
                .await?;
            found.extend(ids);
        )*};
    }
    collect_from!(tail, segment);
    Ok(found.into_iter().map(|id| DatabaseScope { organization, database: DatabaseId(id) }).collect())
}

async fn used(
    maintenance: &Maintenance,
    scope: DatabaseScope,
    stream: &'static Stream,
    window: Window,
) -> Result<Used, StoreError> {
    let snapshot = snapshot(&maintenance.local.reader).await?;
    let words: Vec<usize> =
        (0..stream.columns.len()).filter(|&place| stream.columns[place].kind == ColumnKind::Text).collect();
    let columns = Columns::of(stream, Some(&words));
    let accumulator = Used { columns, series: FxHashSet::default(), words: FxHashSet::default() };
    let walk = Walk { scope, window, accumulator, damaged: Vec::new() };
    Ok(walk.run(&snapshot, &DecodedCache::default()).await?.accumulator)
}

/// Which series and words samples refer to.
struct Used {
    columns: Columns,
    series: FxHashSet<u64>,
    words: FxHashSet<i64>,
}

impl Accumulator for Used {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn series(&self) -> Option<&[u64]> {
        None
    }

    /// Each record for itself: sums have but the newest word.
    fn bucket(&self, at: i64) -> i64 {
        at
    }

    fn accepts(&self, _resolution_ms: i64) -> bool {
        false
    }

    fn cells(&mut self, series: u64, _bucket: i64) -> Option<(&Columns, &mut Cells)> {
        self.series.insert(series);
        None
    }

    fn add_record(&mut self, _window: Window, record: &CompactRecord) {
        self.series.extend(&record.series);
        let is_word = self.columns.mask();
        for column in (0..is_word.len()).filter(|&column| is_word[column]) {
            self.words.extend((0..record.series.len()).map(|row| record.cell(column, row)));
        }
    }

    fn add_table(&mut self, _window: Window, _records: &[(i64, i64)], table: &Table) {
        self.series.extend(&table.series);
        let words = table.columns.iter().zip(self.columns.mask()).filter(|(_, is_word)| **is_word);
        words.for_each(|(cells, _)| self.words.extend(cells.iter().filter(|&&cell| cell != NULL)));
    }
}

struct DropEntries {
    scope: DatabaseScope,
    stream: &'static Stream,
    series: Vec<i64>,
    before_ms: i64,
}

#[async_trait::async_trait]
impl WriteOp for DropEntries {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        for series in self.series.chunks(CHUNK) {
            entry::Entity::delete_many()
                .filter(entry::Column::DatabaseId.eq(self.scope.database.0))
                .filter(entry::Column::Stream.eq(self.stream.name))
                .filter(entry::Column::Series.is_in(series.iter().copied()))
                // it may have been seen since it was looked for
                .filter(entry::Column::SeenMs.lte(self.before_ms))
                .exec(transaction)
                .await?;
        }
        Ok(true)
    }
}

struct DropWords {
    organization: OrganizationId,
    hashes: Vec<i64>,
    before_ms: i64,
}

#[async_trait::async_trait]
impl WriteOp for DropWords {
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        for hashes in self.hashes.chunks(CHUNK) {
            word::Entity::delete_many()
                .filter(word::Column::OrganizationId.eq(self.organization.0))
                .filter(word::Column::Hash.is_in(hashes.iter().copied()))
                .filter(word::Column::SeenMs.lte(self.before_ms))
                .exec(transaction)
                .await?;
        }
        Ok(true)
    }
}
