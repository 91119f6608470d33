//! Answers from segments and the tail, in one snapshot.

use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{Batch, DatabaseId, Stream, Timestamp};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use tokio_util::sync::CancellationToken;

use super::decoded_cache::DecodedCache;
use super::lookup;
use super::maintenance::{Maintenance, Pace};
use super::read::{Walk, snapshot};
use super::usage::usage_of;
use crate::samples::aggregate::{Accumulator, Buckets, Groups, Totals};
use crate::samples::entity::segment;
use crate::samples::local::{Local, newest_end};
use crate::samples::store::{Engine, Store};
use crate::samples::{
    DatabaseScope, Projection, Resolution, Retention, StoreError, Timeline, Total, Usage, Window,
};
use crate::storage::Writer;

/// Samples as small durable records that are sealed into packed segments and rolled up.
pub type SegmentStore = Store<Segments>;

/// The engine of a [`SegmentStore`].
pub struct Segments {
    local: Arc<Local>,
    maintenance: Maintenance,
    decoded: DecodedCache,
}

impl Store<Segments> {
    /// Opens a store that writes through `writer` alone and reads through `reader`; starts its two tasks on the current
    /// runtime.
    #[must_use]
    pub fn new(writer: Writer, reader: DatabaseConnection, retention: Retention) -> Self {
        let (local, task) = Local::new(writer, reader, retention);
        let maintenance = Maintenance::new(Arc::clone(&local));
        let engine = Segments { local: Arc::clone(&local), maintenance, decoded: DecodedCache::default() };
        Self::start(engine, local, task)
    }

    /// Makes the maintenance accept `now` as the time.
    #[cfg(test)]
    pub(in crate::samples) async fn believe_clock(&self, now: Timestamp) {
        self.engine.maintenance.believe_clock(now).await;
    }

    /// Only seals. Returns the number of new segments.
    #[cfg(test)]
    pub(in crate::samples) async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.engine.maintenance.seal(now).await
    }
}

impl Segments {
    async fn walk<A: Accumulator>(
        &self,
        snapshot: DatabaseTransaction,
        scope: DatabaseScope,
        window: Window,
        accumulator: A,
    ) -> Result<A, StoreError> {
        let walk = Walk { scope, window, accumulator, damaged: Vec::new() };
        let walk = walk.run(&snapshot, &self.decoded).await?;
        snapshot.commit().await?;
        self.local.note_gaps(scope, walk.damaged);
        Ok(walk.accumulator)
    }

    /// A snapshot, and the groups of the series of `stream` in it.
    async fn open(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
    ) -> Result<(DatabaseTransaction, Groups), StoreError> {
        let version = self.local.series_groups.version(scope.database, stream);
        let snapshot = snapshot(&self.local.reader).await?;
        let groups = self.local.series_groups.groups(&snapshot, version, scope, stream).await?;
        Ok((snapshot, groups))
    }
}

#[async_trait]
impl Engine for Segments {
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        projection: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let totals = Totals::new(stream, groups, projection);
        Ok(self.walk(snapshot, scope, window, totals).await?.finish())
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        projection: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        let (snapshot, groups) = self.open(scope, stream).await?;
        let buckets = Buckets::new(stream, groups, projection, bucket_ms);
        Ok(self.walk(snapshot, scope, window, buckets).await?.finish())
    }

    async fn resolution(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Resolution, StoreError> {
        Ok(lookup::coarsest(&self.local.reader, scope, stream, window).await?)
    }

    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, DbErr> {
        let newest = self.local.newest(database, stream).await?;
        // after the tail: a record that is sealed in between is found at least once
        let of_stream =
            segment::Column::DatabaseId.eq(database.0).and(segment::Column::Stream.eq(stream.name));
        let sealed =
            newest_end::<segment::Entity>(&self.local.reader, segment::Column::LastMs, of_stream).await?;
        Ok(newest.max(sealed))
    }

    fn before_append(&self, batch: &Batch) {
        self.maintenance.before_append(batch);
    }

    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        self.local.forget(scope).await
    }

    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.maintenance.maintain(now, Pace::Full).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage_of(&self.local.reader, self.local.retention.get()).await
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        self.maintenance.run(stop).await;
    }
}
