//! The store as a whole, on SQLite and on a real PostgreSQL.

mod blobs;
mod durable;
mod maintenance;
pub(super) mod model;
mod rollups;
mod store;
mod tenants;
mod usage;
mod windows;

use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, Stream, Timestamp};
use basira_migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::samples::entity::{block, segment, tail};
use crate::samples::{DatabaseScope, ManagedSampleStore, Retention, SegmentStore, Window};
use crate::storage::Writer;

pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;
/// The start of an hour.
pub(super) const START: i64 = 1_764_000_000_000 / HOUR * HOUR;
pub(super) const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };

/// An empty store.
struct Fixture {
    _directory: Option<tempfile::TempDir>,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    store: SegmentStore,
    retention: Retention,
    scope: DatabaseScope,
}

impl Fixture {
    async fn open(url: &str, retention: Retention) -> Self {
        let connect = async |connections| {
            let mut options = ConnectOptions::new(url);
            options.max_connections(connections).sqlx_logging(false);
            Database::connect(options).await.unwrap()
        };
        let (writer, reader) = (connect(1).await, connect(4).await);
        if writer.get_database_backend() == DbBackend::Sqlite {
            writer
                .execute_unprepared("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
                .await
                .unwrap();
        }
        Migrator::up(&writer, None).await.unwrap();
        let store = SegmentStore::new(Writer::new(writer.clone()), reader.clone(), retention);
        let scope =
            DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        Self { _directory: None, writer, reader, store, retention, scope }
    }

    async fn on_sqlite(retention: Retention) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("samples.db").display());
        Self { _directory: Some(directory), ..Self::open(&url, retention).await }
    }

    /// In a database of its own on the server that all share, and that ends with the tests.
    async fn on_postgres(retention: Retention) -> Self {
        let server = crate::testing::postgres_url().await;
        let admin = Database::connect(&server).await.unwrap();
        let name = format!("samples_{}", uuid::Uuid::now_v7().simple());
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Self::open(url.as_str(), retention).await
    }

    fn batch(&self, records: Vec<Record>) -> Batch {
        Batch { records, ..Batch::new(self.scope.organization, self.scope.database) }
    }

    async fn append(&self, records: Vec<Record>) {
        use basira_actors::ports::SampleRepository;
        self.store.append(self.batch(records).into()).await.unwrap();
    }

    /// Seals what is over at the end of the newest record; answers how many segments that made.
    async fn seal(&self) -> usize {
        let ends = tail::Entity::find().all(&self.reader).await.unwrap();
        let newest = ends.iter().map(|record| record.at_ms).max().unwrap_or(0);
        self.store.seal(Timestamp(newest)).await.unwrap()
    }

    /// Rows of the tail, and segments.
    async fn rows(&self) -> (u64, u64) {
        let tail = tail::Entity::find().count(&self.reader).await.unwrap();
        (tail, segment::Entity::find().count(&self.reader).await.unwrap())
    }

    async fn blocks(&self) -> u64 {
        block::Entity::find().count(&self.reader).await.unwrap()
    }

    async fn execute(&self, sqlite: &str, postgres: &str) {
        let sql = if self.writer.get_database_backend() == DbBackend::Sqlite { sqlite } else { postgres };
        self.writer.execute_unprepared(sql).await.unwrap();
    }
}

/// Runs `test` on a new store of each kind.
async fn on_each_backend(test: impl AsyncFn(&Fixture)) {
    on_each_backend_keeping(Retention::default(), async |fixture| test(fixture).await).await;
}

async fn on_each_backend_keeping(retention: Retention, test: impl AsyncFn(&mut Fixture)) {
    test(&mut Fixture::on_sqlite(retention).await).await;
    test(&mut Fixture::on_postgres(retention).await).await;
}

/// What the contract of a store is tried on.
#[async_trait::async_trait]
pub(super) trait Subject: Send + Sync {
    fn store(&self) -> &dyn ManagedSampleStore;

    fn scope(&self) -> DatabaseScope;

    /// The clock is right at `now`, however far that is from before.
    async fn believe_clock(&self, now: Timestamp);

    /// As after a crash: nothing is closed, nothing is decoded.
    async fn restart(&mut self);

    /// Whether, after rolling up, the newest reading of several series is the one of the same record as elsewhere.
    fn has_exact_readings(&self) -> bool;
}

#[async_trait::async_trait]
impl Subject for Fixture {
    fn store(&self) -> &dyn ManagedSampleStore {
        &self.store
    }

    fn scope(&self) -> DatabaseScope {
        self.scope
    }

    async fn believe_clock(&self, now: Timestamp) {
        self.store.believe_clock(now).await;
    }

    async fn restart(&mut self) {
        self.store = SegmentStore::new(Writer::new(self.writer.clone()), self.reader.clone(), self.retention);
    }

    fn has_exact_readings(&self) -> bool {
        true
    }
}

/// A record of which each series has `value` in every column.
pub(super) fn record(stream: &'static Stream, from: i64, at: i64, series: &[u64], value: i64) -> Record {
    Record {
        stream,
        from: Timestamp(from),
        at: Timestamp(at),
        series: series.to_vec(),
        columns: vec![vec![value; series.len()]; stream.columns.len()],
    }
}
