//! A store: one engine over the local tables.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{
    Batch, DatabaseId, Gap, History, HistoryQuery, LastValues, OrganizationId, Stream, Timestamp,
};
use basira_actors::ports::{RepositoryError, SampleRepository};
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::local::{Local, WriterTask};
use super::{
    DatabaseScope, ManagedSampleStore, Projection, Resolution, Retention, SampleStore, Series, StoreError,
    Timeline, Total, Usage, Window, port,
};

/// Where sealed samples are kept, and how they are summed. What is appended goes into the local tables first, with every
/// engine.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// As [`SampleStore::totals`].
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        projection: &Projection,
    ) -> Result<Vec<Total>, StoreError>;

    /// As [`SampleStore::timelines`].
    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        projection: &Projection,
    ) -> Result<Vec<Timeline>, StoreError>;

    /// As [`SampleStore::resolution`].
    async fn resolution(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Resolution, StoreError>;

    /// The end of the newest record or gap of `stream`.
    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, DbErr>;

    /// Called with every batch, before it is written.
    fn before_append(&self, _batch: &Batch) {}

    /// As [`SampleStore::forget`], the local tables included.
    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError>;

    /// As [`ManagedSampleStore::maintain`].
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError>;

    /// As [`ManagedSampleStore::usage`].
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// The background work, until `stop` is cancelled.
    async fn run(self: Arc<Self>, stop: CancellationToken);
}

/// A store that keeps its samples in the engine `E`.
pub struct Store<E> {
    pub(super) engine: Arc<E>,
    local: Arc<Local>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl<E: Engine> Store<E> {
    /// Starts the tasks of the store on the current runtime: `writer` and the background work of `engine`.
    pub(super) fn start(engine: E, local: Arc<Local>, writer: WriterTask) -> Self {
        let (engine, stop, tasks) = (Arc::new(engine), CancellationToken::new(), TaskTracker::new());
        tasks.spawn(writer);
        tasks.spawn(Arc::clone(&engine).run(stop.clone()));
        tasks.close();
        Self { engine, local, stop, tasks }
    }
}

#[async_trait]
impl<E: Engine> SampleRepository for Store<E> {
    async fn append(&self, mut batch: Arc<Batch>) -> Result<(), RepositoryError> {
        if batch.is_empty() {
            return Ok(());
        }
        let database = batch.database;
        let counted = self.local.limit_texts(&mut batch).await;
        let counted = counted.map_err(|error| RepositoryError(error.to_string()))?;
        self.engine.before_append(&batch);
        let appended = self.local.writer.append(batch).await;
        appended.inspect_err(|_| self.local.texts.refund(database, counted))
    }

    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        let found = self.engine.last_stored_at(database, stream).await;
        found.map_err(|error| RepositoryError(error.to_string()))
    }

    async fn last_values(
        &self,
        organization: OrganizationId,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<LastValues, RepositoryError> {
        port::last_values(self, DatabaseScope { organization, database }, stream).await
    }

    async fn history(
        &self,
        organization: OrganizationId,
        database: DatabaseId,
        query: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        port::history(self, DatabaseScope { organization, database }, query).await
    }
}

#[async_trait]
impl<E: Engine> SampleStore for Store<E> {
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        projection: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        self.engine.totals(scope, stream, window, projection).await
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        projection: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        self.engine.timelines(scope, stream, window, bucket_ms, projection).await
    }

    async fn resolution(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Resolution, StoreError> {
        self.engine.resolution(scope, stream, window).await
    }

    async fn members(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError> {
        self.local.series_in_group(scope, stream, group).await
    }

    async fn labelled(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError> {
        self.local.series_with_label(scope, stream, label, value).await
    }

    async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        self.local.gaps(scope, stream, window).await
    }

    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        self.local.words(organization, hashes).await
    }

    fn raw_kept(&self) -> Duration {
        self.local.retention.get().raw
    }

    fn notice(&self, scope: DatabaseScope) -> Option<String> {
        self.local.notices.of(scope)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(self.local.connection.check().await?)
    }

    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        self.engine.forget(scope).await
    }
}

#[async_trait]
impl<E: Engine> ManagedSampleStore for Store<E> {
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.engine.maintain(now).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        self.engine.usage().await
    }

    fn retain(&self, retention: Retention) {
        self.local.retention.set(retention);
    }

    async fn close(&self) {
        self.stop.cancel();
        self.local.writer.close().await;
        self.tasks.wait().await;
    }
}
