//! The store on the tables of SQLite or PostgreSQL.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{
    Batch, DatabaseId, Gap, History, HistoryQuery, LastValues, OrganizationId, Stream, Timestamp,
};
use basira_actors::ports::{RepositoryError, SampleRepository};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::catalog::Catalog;
use super::changes::{Forget, NoteGap};
use super::entity::{gap, segment, tail};
use super::fold::{Buckets, Gather, Groups, Totals};
use super::keep::{Appended, Keeper, Pace};
use super::memory::remember;
use super::notices::Notices;
use super::past::past;
use super::read::{Walk, snapshot};
use super::recent::Remembered;
use super::retention::LiveRetention;
use super::text_budget::TextBudget;
use super::writer::Pen;
use super::{
    Member, Retention, SampleKeeping, SampleStore, Scope, StoreError, Timeline, Total, Usage, Wanted, Window,
    known, usage,
};
use crate::storage::Writer;

/// Samples as small durable records that are sealed into packed segments and rolled up.
pub struct SegmentStore {
    writer: Writer,
    reader: DatabaseConnection,
    pen: Pen,
    keeper: Arc<Keeper>,
    catalog: Arc<Catalog>,
    remembered: Remembered,
    texts: TextBudget,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl SegmentStore {
    /// A store that writes through `writer` alone and reads through `reader`, with its two tasks started on the current
    /// runtime.
    #[must_use]
    pub fn new(writer: Writer, reader: DatabaseConnection, retention: Retention) -> Self {
        let catalog = Arc::new(Catalog::default());
        let (pen, writing) = Pen::new(writer.clone(), Arc::clone(&catalog));
        let keeper = Arc::new(Keeper {
            reader: reader.clone(),
            pen: pen.clone(),
            catalog: Arc::clone(&catalog),
            retention: LiveRetention::new(retention),
            notices: Notices::default(),
            upkeep: Mutex::default(),
            appended: Appended::default(),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(writing);
        tasks.spawn(Arc::clone(&keeper).run(stop.clone()));
        tasks.close();
        Self {
            writer,
            reader,
            pen,
            keeper,
            catalog,
            remembered: Remembered::default(),
            texts: TextBudget::default(),
            stop,
            tasks,
        }
    }

    /// The clock is right at `now`, whatever it was before.
    #[cfg(test)]
    pub(super) async fn believe_clock(&self, now: Timestamp) {
        self.keeper.upkeep.lock().await.clock.believe(now);
    }

    /// Only seals, and says how many segments that made.
    #[cfg(test)]
    pub(super) async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        super::seal::seal(&self.reader, &self.pen, now).await
    }

    async fn walk<G: Gather>(
        &self,
        snapshot: DatabaseTransaction,
        scope: Scope,
        window: Window,
        gather: G,
    ) -> Result<G, StoreError> {
        let walk = Walk { scope, window, gather, damaged: Vec::new() };
        let walk = walk.run(&snapshot, &self.remembered).await?;
        snapshot.commit().await?;
        walk.damaged.into_iter().for_each(|gap| self.pen.suggest(NoteGap(scope, gap)));
        Ok(walk.gather)
    }

    /// A snapshot, and who the series of a stream are in it.
    async fn open(
        &self,
        scope: Scope,
        stream: &'static Stream,
    ) -> Result<(DatabaseTransaction, Groups), StoreError> {
        let version = self.catalog.version(scope.database, stream);
        let snapshot = snapshot(&self.reader).await?;
        let groups = self.catalog.groups(&snapshot, version, scope, stream).await?;
        Ok((snapshot, groups))
    }
}

#[async_trait]
impl SampleRepository for SegmentStore {
    async fn append(&self, mut batch: Arc<Batch>) -> Result<(), RepositoryError> {
        if batch.is_empty() {
            return Ok(());
        }
        let retention = self.keeper.retention.get();
        let database = batch.database;
        let enforced = self.texts.enforce(&self.reader, retention.new_texts_per_hour, &mut batch).await;
        let enforced = enforced.map_err(|error| RepositoryError(error.to_string()))?;
        if enforced.left_out {
            self.keeper.notices.without_text(database);
        }
        self.keeper.appended.count(&batch, retention.max_bytes);
        let appended = self.pen.append(batch).await;
        appended.inspect_err(|_| self.texts.give_back(database, enforced.units))
    }

    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        newest(&self.reader, database, stream).await.map_err(|error| RepositoryError(error.to_string()))
    }

    async fn last_values(
        &self,
        organization: OrganizationId,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<LastValues, RepositoryError> {
        remember(self, Scope { organization, database }, stream).await
    }

    async fn history(
        &self,
        organization: OrganizationId,
        database: DatabaseId,
        query: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        past(self, Scope { organization, database }, query).await
    }
}

/// The segments last: what moves from the tail into a segment meanwhile is then seen at least once.
async fn newest(
    reader: &DatabaseConnection,
    database: DatabaseId,
    stream: &Stream,
) -> Result<Option<Timestamp>, DbErr> {
    let mut newest = None;
    macro_rules! newest_of {
        ($($table:ident . $column:ident),*) => {$(
            let of_table = $table::Entity::find()
                .filter($table::Column::DatabaseId.eq(database.0))
                .filter($table::Column::Stream.eq(stream.name))
                .select_only()
                .column_as($table::Column::$column.max(), "newest");
            newest = newest.max(of_table.into_tuple::<Option<i64>>().one(reader).await?.flatten());
        )*};
    }
    newest_of!(tail.AtMs, gap.ToMs, segment.LastMs);
    Ok(newest.map(Timestamp))
}

#[async_trait]
impl SampleStore for SegmentStore {
    async fn totals(
        &self,
        scope: Scope,
        stream: &'static Stream,
        window: Window,
        wanted: &Wanted,
    ) -> Result<Vec<Total>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let totals = Totals::new(stream, groups, wanted);
        Ok(self.walk(snapshot, scope, window, totals).await?.finish())
    }

    async fn timelines(
        &self,
        scope: Scope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        wanted: &Wanted,
    ) -> Result<Vec<Timeline>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let buckets = Buckets::new(stream, groups, wanted, bucket_ms);
        Ok(self.walk(snapshot, scope, window, buckets).await?.finish())
    }

    async fn members(
        &self,
        scope: Scope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Member>, StoreError> {
        Ok(known::members(&self.reader, scope, stream, group).await?)
    }

    async fn labelled(
        &self,
        scope: Scope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(known::labelled(&self.reader, scope, stream, label, value).await?)
    }

    async fn gaps(
        &self,
        scope: Scope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        Ok(known::gaps(&self.reader, scope, stream, window).await?)
    }

    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        Ok(known::words(&self.reader, organization, hashes).await?)
    }

    fn raw_kept(&self) -> Duration {
        self.keeper.retention.get().raw
    }

    fn notice(&self, scope: Scope) -> Option<String> {
        self.keeper.notices.of(scope)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(self.writer.check().await?)
    }

    async fn forget(&self, scope: Scope) -> Result<(), StoreError> {
        let forgotten = self.pen.change(Forget(scope)).await.map(drop);
        // also when that failed: they may be gone all the same
        self.texts.forget(scope.database);
        self.catalog.forget(scope.database);
        forgotten
    }
}

#[async_trait]
impl SampleKeeping for SegmentStore {
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.keeper.keep(now, Pace::Brisk).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage::of(&self.reader, self.keeper.retention.get()).await
    }

    fn retain(&self, retention: Retention) {
        self.keeper.retention.set(retention);
    }

    async fn close(&self) {
        self.stop.cancel();
        self.pen.close().await;
        self.tasks.wait().await;
    }
}
