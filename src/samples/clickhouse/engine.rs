//! The engine: reads the local tail and the tables on the server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{DatabaseId, Stream, Timestamp};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::plan::day_of;
use super::read::{ReadRequest, read};
use super::server::Server;
use super::shipments::Shipments;
use super::shipper::Shipper;
use super::tables::RemoteTables;
use super::{local_tail, maintenance, usage};
use crate::config::Dsn;
use crate::samples::aggregate::{Accumulator, Buckets, Groups, Totals};
use crate::samples::local::Local;
use crate::samples::retention::LiveRetention;
use crate::samples::store::{Engine, Store};
use crate::samples::{
    DatabaseScope, Projection, Resolution, Retention, StoreError, Timeline, Total, Usage, Window,
};
use crate::storage::Writer;

const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Where samples are shipped to, and how long they are kept there.
#[derive(Debug, Clone)]
pub struct ClickHouseOptions {
    pub dsn: Dsn,
    pub retention: Retention,
    /// How long the server may take to answer.
    pub query_timeout: Duration,
}

impl ClickHouseOptions {
    /// The server at `dsn`, whose port is that of HTTP, with the usual time-out.
    #[must_use]
    pub const fn new(dsn: Dsn, retention: Retention) -> Self {
        Self { dsn, retention, query_timeout: QUERY_TIMEOUT }
    }

    fn tables(&self, retention: Arc<LiveRetention>) -> RemoteTables {
        RemoteTables::new(Server::new(&self.dsn, self.query_timeout), retention)
    }
}

/// Samples as rows on a ClickHouse server, and as records in the local tail until they have arrived there.
pub type ClickHouseStore = Store<ClickHouse>;

/// The engine of a [`ClickHouseStore`].
pub struct ClickHouse {
    local: Arc<Local>,
    pub(super) remote: Arc<RemoteTables>,
    shipments: Arc<Shipments>,
    pub(super) shipper: Mutex<Shipper>,
}

impl Store<ClickHouse> {
    /// Opens a store with its tail, gaps, texts and entries in our own storage; starts its tasks on the current runtime.
    /// The server may be unavailable.
    #[must_use]
    pub fn new(writer: Writer, reader: DatabaseConnection, options: &ClickHouseOptions) -> Self {
        let (local, task) = Local::new(writer, reader, options.retention);
        let remote = Arc::new(options.tables(Arc::clone(&local.retention)));
        let shipments = Arc::new(Shipments { local: Arc::clone(&local) });
        let shipper = Mutex::new(Shipper::new(Arc::clone(&remote), Arc::clone(&shipments)));
        let engine = ClickHouse { local: Arc::clone(&local), remote, shipments, shipper };
        Self::start(engine, local, task)
    }

    /// Makes the maintenance accept `now` as the time.
    #[cfg(test)]
    pub(super) async fn believe_clock(&self, now: Timestamp) {
        self.engine.shipper.lock().await.clock.reset(now);
    }

    /// Ships the whole tail, as the background task does every few seconds.
    #[cfg(test)]
    pub(super) async fn ship(&self) -> Result<(), StoreError> {
        self.engine.ship().await
    }
}

impl ClickHouse {
    async fn ship(&self) -> Result<(), StoreError> {
        self.shipper.lock().await.ship().await
    }

    async fn groups(&self, scope: DatabaseScope, stream: &'static Stream) -> Result<Groups, StoreError> {
        let version = self.local.series_groups.version(scope.database, stream);
        Ok(self.local.series_groups.groups(&self.local.reader, version, scope, stream).await?)
    }

    /// Sums the tail first, and excludes its records from the query to the server.
    async fn sum<A: Accumulator>(
        &self,
        scope: DatabaseScope,
        window: Window,
        bucket_ms: Option<i64>,
        new_accumulator: impl Fn() -> A,
    ) -> Result<A, StoreError> {
        loop {
            let first_days = self.remote.first_days().await?.read().await;
            let tail = local_tail::sum(&self.local.reader, scope, window, new_accumulator()).await?;
            self.local.note_gaps(scope, tail.damaged);
            // a record of a dropped day may be in a bucket already
            if tail.ends.iter().any(|&at| day_of(at) < first_days.raw) {
                drop(first_days);
                self.ship().await?;
                continue;
            }
            let mut accumulator = tail.accumulator;
            let request =
                ReadRequest { scope, window, bucket_ms, first_days: &first_days, in_tail: &tail.ends };
            read(&self.remote.server, &request, &mut accumulator).await?;
            return Ok(accumulator);
        }
    }
}

#[async_trait]
impl Engine for ClickHouse {
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        projection: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        let groups = self.groups(scope, stream).await?;
        let totals = || Totals::new(stream, Arc::clone(&groups), projection);
        Ok(self.sum(scope, window, None, totals).await?.finish())
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        projection: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        let groups = self.groups(scope, stream).await?;
        let bucket_ms = bucket_ms.max(1);
        let buckets = || Buckets::new(stream, Arc::clone(&groups), projection, bucket_ms);
        Ok(self.sum(scope, window, Some(bucket_ms), buckets).await?.finish())
    }

    async fn resolution(
        &self,
        _scope: DatabaseScope,
        _stream: &'static Stream,
        window: Window,
    ) -> Result<Resolution, StoreError> {
        let first_days = self.remote.first_days().await?.read().await;
        Ok(first_days.finest(day_of(window.since.as_millis().saturating_add(1))))
    }

    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, DbErr> {
        let waiting = self.local.newest(database, stream).await?;
        // after the tail: a record that arrives in between is found at least once
        let arrived = self.shipments.newest(database, stream).await?;
        Ok(waiting.max(arrived.map(Timestamp)))
    }

    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        let mut shipper = self.shipper.lock().await;
        let remote = shipper.forget(scope).await;
        // also when the server could not be reached
        self.local.forget(scope).await.and(remote)
    }

    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.shipper.lock().await.maintain(now).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage::usage(&self.remote, &self.local.reader).await
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        maintenance::run(&self.shipper, stop).await;
    }
}

/// The size of a store with `options`, read without starting it or writing anything.
///
/// # Errors
/// [`StoreError`] when our own storage or the server does not answer.
pub(in crate::samples) async fn usage_of(
    reader: &DatabaseConnection,
    options: &ClickHouseOptions,
) -> Result<Usage, StoreError> {
    let retention = Arc::new(LiveRetention::new(options.retention));
    usage::usage(&options.tables(retention), reader).await
}
