//! The store on the tables of SQLite or PostgreSQL.

mod build;
mod changes;
mod decoded_cache;
pub(super) mod disk_usage;
mod lookup;
mod maintenance;
mod merge;
mod plan;
mod read;
mod store;
mod usage;
mod write;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{
    Batch, DatabaseId, Gap, History, HistoryQuery, LastValues, OrganizationId, Stream, Timestamp,
};
use basira_actors::ports::{RepositoryError, SampleRepository};
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::decoded_cache::DecodedCache;
use self::maintenance::{Appended, Maintenance, Pace};
use self::read::{Walk, snapshot};
use crate::samples::aggregate::{Accumulator, Buckets, Groups, Totals};
use crate::samples::local;
use crate::samples::local::Notices;
use crate::samples::local::SeriesGroups;
use crate::samples::local::TextBudget;
use crate::samples::local::WriterHandle;
use crate::samples::local::{Forget, NoteGap, newest};
use crate::samples::port::{history, last_values};
use crate::samples::retention::LiveRetention;
use crate::samples::{
    DatabaseScope, ManagedSampleStore, Projection, Retention, SampleStore, Series, StoreError, Timeline,
    Total, Usage, Window,
};
use crate::storage::Writer;

#[cfg(test)]
pub(super) use self::build::build;
pub(super) use self::usage::usage_of;

/// Samples as small durable records that are sealed into packed segments and rolled up.
pub struct SegmentStore {
    writer: Writer,
    reader: DatabaseConnection,
    pen: WriterHandle,
    maintenance: Arc<Maintenance>,
    series_groups: Arc<SeriesGroups>,
    decoded: DecodedCache,
    texts: TextBudget,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl SegmentStore {
    /// A store that writes through `writer` alone and reads through `reader`, with its two tasks started on the current
    /// runtime.
    #[must_use]
    pub fn new(writer: Writer, reader: DatabaseConnection, retention: Retention) -> Self {
        let series_groups = Arc::new(SeriesGroups::default());
        let (pen, writing) = WriterHandle::new(writer.clone(), Arc::clone(&series_groups));
        let maintenance = Arc::new(Maintenance {
            reader: reader.clone(),
            pen: pen.clone(),
            series_groups: Arc::clone(&series_groups),
            retention: LiveRetention::new(retention),
            notices: Notices::default(),
            upkeep: Mutex::default(),
            appended: Appended::default(),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(writing);
        tasks.spawn(Arc::clone(&maintenance).run(stop.clone()));
        tasks.close();
        Self {
            writer,
            reader,
            pen,
            maintenance,
            series_groups,
            decoded: DecodedCache::default(),
            texts: TextBudget::default(),
            stop,
            tasks,
        }
    }

    /// The clock is right at `now`, whatever it was before.
    #[cfg(test)]
    pub(in crate::samples) async fn believe_clock(&self, now: Timestamp) {
        self.maintenance.upkeep.lock().await.clock.reset(now);
    }

    /// Only seals, and says how many segments that made.
    #[cfg(test)]
    pub(in crate::samples) async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        maintenance::seal::seal(&self.reader, &self.pen, now).await
    }

    async fn walk<G: Accumulator>(
        &self,
        snapshot: DatabaseTransaction,
        scope: DatabaseScope,
        window: Window,
        accumulator: G,
    ) -> Result<G, StoreError> {
        let walk = Walk { scope, window, accumulator, damaged: Vec::new() };
        let walk = walk.run(&snapshot, &self.decoded).await?;
        snapshot.commit().await?;
        walk.damaged.into_iter().for_each(|gap| self.pen.suggest(NoteGap(scope, gap)));
        Ok(walk.accumulator)
    }

    /// A snapshot, and who the series of a stream are in it.
    async fn open(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
    ) -> Result<(DatabaseTransaction, Groups), StoreError> {
        let version = self.series_groups.version(scope.database, stream);
        let snapshot = snapshot(&self.reader).await?;
        let groups = self.series_groups.groups(&snapshot, version, scope, stream).await?;
        Ok((snapshot, groups))
    }
}

#[async_trait]
impl SampleRepository for SegmentStore {
    async fn append(&self, mut batch: Arc<Batch>) -> Result<(), RepositoryError> {
        if batch.is_empty() {
            return Ok(());
        }
        let retention = self.maintenance.retention.get();
        let database = batch.database;
        let enforced = self.texts.enforce(&self.reader, retention.new_texts_per_hour, &mut batch).await;
        let enforced = enforced.map_err(|error| RepositoryError(error.to_string()))?;
        if enforced.left_out {
            self.maintenance.notices.without_text(database);
        }
        self.maintenance.appended.count(&batch, retention.max_bytes);
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
        last_values(self, DatabaseScope { organization, database }, stream).await
    }

    async fn history(
        &self,
        organization: OrganizationId,
        database: DatabaseId,
        query: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        history(self, DatabaseScope { organization, database }, query).await
    }
}

#[async_trait]
impl SampleStore for SegmentStore {
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        wanted: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let totals = Totals::new(stream, groups, wanted);
        Ok(self.walk(snapshot, scope, window, totals).await?.finish())
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        wanted: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let buckets = Buckets::new(stream, groups, wanted, bucket_ms);
        Ok(self.walk(snapshot, scope, window, buckets).await?.finish())
    }

    async fn members(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError> {
        Ok(local::members(&self.reader, scope, stream, group).await?)
    }

    async fn labelled(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(local::labelled(&self.reader, scope, stream, label, value).await?)
    }

    async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        Ok(local::gaps(&self.reader, scope, stream, window).await?)
    }

    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        Ok(local::words(&self.reader, organization, hashes).await?)
    }

    fn raw_kept(&self) -> Duration {
        self.maintenance.retention.get().raw
    }

    fn notice(&self, scope: DatabaseScope) -> Option<String> {
        self.maintenance.notices.of(scope)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(self.writer.check().await?)
    }

    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        let forgotten = self.pen.change(Forget(scope)).await.map(drop);
        // also when that failed: they may be gone all the same
        self.texts.forget(scope.database);
        self.series_groups.forget(scope.database);
        forgotten
    }
}

#[async_trait]
impl ManagedSampleStore for SegmentStore {
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.maintenance.keep(now, Pace::Brisk).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage::usage_of(&self.reader, self.maintenance.retention.get()).await
    }

    fn retain(&self, retention: Retention) {
        self.maintenance.retention.set(retention);
    }

    async fn close(&self) {
        self.stop.cancel();
        self.pen.close().await;
        self.tasks.wait().await;
    }
}
