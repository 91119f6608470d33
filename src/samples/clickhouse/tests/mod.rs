//! The store on a real ClickHouse, its tail on SQLite and on PostgreSQL.

mod arriving;
mod days;
mod failing;
mod reading;
mod retention;

use std::time::Duration;

use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, Timestamp};
use basira_actors::ports::SampleRepository;
use basira_migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait,
};
use sea_orm_migration::MigratorTrait;

use super::tables::RemoteTables;
use super::{ClickHouseOptions, ClickHouseStore};
use crate::config::Dsn;
use crate::samples::entity::{shipment, tail};
use crate::samples::tests::Subject;
use crate::samples::{DatabaseScope, ManagedSampleStore, Retention};
use crate::storage::Writer;
use crate::testing::{ClickHouseServer, clickhouse};

/// Samples of tests are of another year: the server must not drop them by its own clock.
const ALWAYS: Duration = Duration::from_secs(50 * 366 * 24 * 3_600);

/// For whoever does not test impatience.
const PATIENT: Duration = Duration::from_secs(120);

/// A store in a database of its own. It ships by itself only now and then: tests do not wait for that.
struct Fixture {
    _directory: Option<tempfile::TempDir>,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    options: ClickHouseOptions,
    store: ClickHouseStore,
    scope: DatabaseScope,
}

impl Fixture {
    async fn open(server: &ClickHouseServer) -> Self {
        Self::open_with(server, |_| {}).await
    }

    async fn open_with(server: &ClickHouseServer, change: impl FnOnce(&mut ClickHouseOptions)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("samples.db").display());
        Self { _directory: Some(directory), ..Self::open_on(&url, server, change).await }
    }

    /// With the tail at the storage `url`.
    async fn open_on(
        url: &str,
        server: &ClickHouseServer,
        change: impl FnOnce(&mut ClickHouseOptions),
    ) -> Self {
        let connect = async |connections| {
            let mut options = ConnectOptions::new(url);
            options.max_connections(connections).sqlx_logging(false);
            Database::connect(options).await.unwrap()
        };
        let (writer, reader) = (connect(1).await, connect(4).await);
        if writer.get_database_backend() == DbBackend::Sqlite {
            writer.execute_unprepared("PRAGMA journal_mode = WAL").await.unwrap();
        }
        Migrator::up(&writer, None).await.unwrap();
        let dsn = server.dsn_of(&format!("samples_{}", uuid::Uuid::now_v7().simple()));
        let always = Retention {
            raw: ALWAYS,
            minute: ALWAYS,
            hour: ALWAYS,
            max_bytes: None,
            new_texts_per_hour: None,
        };
        let mut options = ClickHouseOptions::new(Dsn::parse(&dsn).unwrap(), always);
        // a server beside many others answers late
        options.query_timeout = PATIENT;
        change(&mut options);
        let store = ClickHouseStore::new(Writer::new(writer.clone()), reader.clone(), &options);
        let scope =
            DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        let fixture = Self { _directory: None, writer, reader, options, store, scope };
        fixture.ship().await; // which makes the tables
        fixture
    }

    /// By the server's own clock the samples of such a test are past their retention.
    async fn keep_the_old(&self) {
        for (table, ..) in RemoteTables::tables() {
            self.ask(&format!("SYSTEM STOP TTL MERGES {table}")).await;
        }
    }

    async fn ask(&self, sql: &str) {
        self.store.engine.remote.server.execute("a test's statement", sql).await.unwrap();
    }

    async fn count(&self, sql: &str) -> u64 {
        let server = &self.store.engine.remote.server;
        server.rows::<u64>("a test's question", server.query(sql)).await.unwrap()[0]
    }

    /// A new process, as it were: nothing is known but what was stored.
    async fn restart(&mut self) {
        self.store.close().await;
        self.store =
            ClickHouseStore::new(Writer::new(self.writer.clone()), self.reader.clone(), &self.options);
    }

    fn batch(&self, records: Vec<Record>) -> Batch {
        Batch { records, ..Batch::new(self.scope.organization, self.scope.database) }
    }

    async fn append(&self, records: Vec<Record>) {
        self.store.append(self.batch(records).into()).await.unwrap();
    }

    async fn ship(&self) {
        self.store.ship().await.unwrap();
    }

    /// Records in the tail, and how many of them are under way.
    async fn waiting(&self) -> (u64, u64) {
        let tail = tail::Entity::find().count(&self.reader).await.unwrap();
        (tail, shipment::Entity::find().count(&self.reader).await.unwrap())
    }
}

fn impatient(options: &mut ClickHouseOptions) {
    options.query_timeout = Duration::from_secs(2);
}

const fn window(since: i64, until: i64) -> crate::samples::Window {
    crate::samples::Window { since: Timestamp(since), until: Timestamp(until) }
}

/// A store for the contract that all engines keep.
pub(in crate::samples) struct OnClickHouse(Fixture);

impl OnClickHouse {
    pub(in crate::samples) async fn open(retention: Retention) -> Self {
        let fixture = Fixture::open_with(clickhouse().await, |options| options.retention = retention).await;
        // samples of tests are of another year: only what is asked for may drop them
        fixture.ask("SYSTEM STOP TTL MERGES").await;
        Self(fixture)
    }
}

#[async_trait::async_trait]
impl Subject for OnClickHouse {
    fn store(&self) -> &dyn ManagedSampleStore {
        &self.0.store
    }

    fn scope(&self) -> DatabaseScope {
        self.0.scope
    }

    async fn believe_clock(&self, now: Timestamp) {
        self.0.store.believe_clock(now).await;
    }

    async fn restart(&mut self) {
        self.0.restart().await;
    }

    fn has_exact_readings(&self) -> bool {
        false
    }
}
