//! The store on ClickHouse: a local tail that is durable, and tables on a server to which it is shipped.

mod columns;
mod local_tail;
mod maintenance;
mod plan;
mod read;
mod retention;
mod row_binary;
mod schema;
mod server;
mod shipments;
mod shipper;
mod sum;
mod tables;
#[cfg(test)]
pub(super) mod tests;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{
    Batch, DatabaseId, Gap, History, HistoryQuery, LastValues, OrganizationId, Stream, Timestamp,
};
use basira_actors::ports::{RepositoryError, SampleRepository};
use sea_orm::DatabaseConnection;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::plan::day_of;
use self::read::{ReadRequest, read};
use self::server::Server;
use self::shipments::Shipments;
use self::shipper::Shipper;
use self::sum::Sum;
use self::tables::RemoteTables;
use crate::clock_guard::ClockGuard;
use crate::config::Dsn;
use crate::samples::aggregate::Groups;
use crate::samples::local;
use crate::samples::local::Notices;
use crate::samples::local::SeriesGroups;
use crate::samples::local::TextBudget;
use crate::samples::local::WriterHandle;
use crate::samples::local::{Forget, NoteGap};
use crate::samples::port::{history, last_values};
use crate::samples::{
    DatabaseScope, ManagedSampleStore, Projection, Retention, SampleStore, Series, StoreError, Timeline,
    Total, Usage, Window,
};
use crate::storage::Writer;

pub use self::server::ClickHouseError;

/// Nobody waits longer for an answer of the server, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the samples go, and how long they are kept there.
#[derive(Debug, Clone)]
pub struct ClickHouseOptions {
    pub dsn: Dsn,
    pub retention: Retention,
    /// Nobody waits longer for an answer.
    pub patience: Duration,
}

impl ClickHouseOptions {
    /// The server at `dsn`, whose port is that of HTTP, asked with the usual patience.
    #[must_use]
    pub const fn new(dsn: Dsn, retention: Retention) -> Self {
        Self { dsn, retention, patience: PATIENCE }
    }

    fn remote(&self) -> RemoteTables {
        RemoteTables::new(Server::new(&self.dsn, self.patience), self.retention)
    }
}

/// Samples as rows of a ClickHouse server, and as small durable records until they have arrived there.
pub struct ClickHouseStore {
    ledger: Arc<Shipments>,
    remote: Arc<RemoteTables>,
    pen: WriterHandle,
    series_groups: Arc<SeriesGroups>,
    shipper: Arc<Mutex<Shipper>>,
    texts: TextBudget,
    notices: Notices,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl ClickHouseStore {
    /// A store whose tail, gaps, words and names are in our own storage, with its tasks started on the current runtime.
    /// The server need not be there yet.
    #[must_use]
    pub fn new(writer: Writer, reader: DatabaseConnection, options: &ClickHouseOptions) -> Self {
        let series_groups = Arc::new(SeriesGroups::default());
        let (pen, writing) = WriterHandle::new(writer.clone(), Arc::clone(&series_groups));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let ledger = Arc::new(Shipments { writer, reader });
        let remote = Arc::new(options.remote());
        let clock = ClockGuard::default();
        let shipper = Shipper { remote: Arc::clone(&remote), ledger: Arc::clone(&ledger), clock };
        let shipper = Arc::new(Mutex::new(shipper));
        tasks.spawn(writing);
        tasks.spawn(maintenance::run(Arc::clone(&shipper), stop.clone()));
        tasks.close();
        let (texts, notices) = (TextBudget::default(), Notices::default());
        Self { ledger, remote, pen, series_groups, shipper, texts, notices, stop, tasks }
    }

    /// What the store holds, asked beside the process that runs it: nothing is started and nothing written.
    ///
    /// # Errors
    /// [`StoreError`] when our own storage or the server does not answer.
    pub async fn usage_beside(
        reader: &DatabaseConnection,
        options: &ClickHouseOptions,
    ) -> Result<Usage, StoreError> {
        usage::usage(&options.remote(), reader).await
    }

    /// The clock is right at `now`, whatever it was before.
    #[cfg(test)]
    async fn believe_clock(&self, now: Timestamp) {
        self.shipper.lock().await.clock.reset(now);
    }

    /// Ships everything that waits. Happens by itself all the time.
    ///
    /// # Errors
    /// [`StoreError`] when the server does not take it; it stays in the tail, and can be read.
    pub async fn ship(&self) -> Result<(), StoreError> {
        self.shipper.lock().await.ship().await
    }

    async fn groups(&self, scope: DatabaseScope, stream: &'static Stream) -> Result<Groups, StoreError> {
        let version = self.series_groups.version(scope.database, stream);
        Ok(self.series_groups.groups(&self.ledger.reader, version, scope, stream).await?)
    }

    /// Sums the tail first: what moves to the server meanwhile is left out there.
    async fn sum(
        &self,
        scope: DatabaseScope,
        window: Window,
        empty: impl Fn() -> Sum,
    ) -> Result<Sum, StoreError> {
        loop {
            let kept = self.remote.kept().await?.read().await;
            let counted = local_tail::count(&self.ledger.reader, scope, window, empty()).await?;
            counted.damaged.into_iter().for_each(|gap| self.pen.suggest(NoteGap(scope, gap)));
            // such a late record cannot be told apart from those in the buckets
            if counted.ends.iter().any(|&at| day_of(at) < kept.raw) {
                drop(kept);
                self.ship().await?;
                continue;
            }
            let mut sum = counted.sum;
            let question = ReadRequest { scope, window, kept: &kept, counted: &counted.ends };
            read(&self.remote.server, &question, &mut sum).await?;
            return Ok(sum);
        }
    }
}

#[async_trait]
impl SampleRepository for ClickHouseStore {
    async fn append(&self, mut batch: Arc<Batch>) -> Result<(), RepositoryError> {
        if batch.is_empty() {
            return Ok(());
        }
        let limit = self.remote.retention.get().new_texts_per_hour;
        let database = batch.database;
        let enforced = self.texts.enforce(&self.ledger.reader, limit, &mut batch).await;
        let enforced = enforced.map_err(|error| RepositoryError(error.to_string()))?;
        if enforced.left_out {
            self.notices.without_text(database);
        }
        let appended = self.pen.append(batch).await;
        appended.inspect_err(|_| self.texts.give_back(database, enforced.units))
    }

    async fn last_stored_at(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        self.ledger.newest_here(database, stream).await.map_err(|error| RepositoryError(error.to_string()))
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
impl SampleStore for ClickHouseStore {
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        wanted: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        let groups = self.groups(scope, stream).await?;
        let empty = || Sum::new(stream, &groups, wanted, None);
        Ok(self.sum(scope, window, empty).await?.into_totals())
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        wanted: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        let groups = self.groups(scope, stream).await?;
        let empty = || Sum::new(stream, &groups, wanted, Some(bucket_ms.max(1)));
        Ok(self.sum(scope, window, empty).await?.into_timelines())
    }

    async fn members(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError> {
        Ok(local::members(&self.ledger.reader, scope, stream, group).await?)
    }

    async fn labelled(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(local::labelled(&self.ledger.reader, scope, stream, label, value).await?)
    }

    async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        Ok(local::gaps(&self.ledger.reader, scope, stream, window).await?)
    }

    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        Ok(local::words(&self.ledger.reader, organization, hashes).await?)
    }

    fn raw_kept(&self) -> Duration {
        self.remote.retention.get().raw
    }

    fn notice(&self, scope: DatabaseScope) -> Option<String> {
        self.notices.of(scope)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(self.ledger.writer.check().await?)
    }

    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        let mut shipper = self.shipper.lock().await;
        let there = shipper.forget(scope).await;
        // here it is forgotten in any case
        let here = self.pen.change(Forget(scope)).await.map(drop);
        // also when that failed: they may be gone all the same
        self.texts.forget(scope.database);
        self.series_groups.forget(scope.database);
        here.and(there)
    }
}

#[async_trait]
impl ManagedSampleStore for ClickHouseStore {
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.shipper.lock().await.keep(now).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage::usage(&self.remote, &self.ledger.reader).await
    }

    fn retain(&self, retention: Retention) {
        self.remote.retention.set(retention);
    }

    async fn close(&self) {
        self.stop.cancel();
        self.pen.close().await;
        self.tasks.wait().await;
    }
}
