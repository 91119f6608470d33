//! The store as a whole, on SQLite and on a real PostgreSQL.

mod blobs;
mod durable;
pub(super) mod model;
mod store;
mod windows;

use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, Stream, Timestamp};
use basira_migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait,
};
use sea_orm_migration::MigratorTrait;

use super::entity::{segment, tail};
use super::{Scope, SegmentStore, Window};

pub(super) const HOUR: i64 = 3_600_000;
/// The start of an hour.
pub(super) const START: i64 = 1_764_000_000_000 / HOUR * HOUR;
pub(super) const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };

/// An empty store.
struct Fixture {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    store: SegmentStore,
    scope: Scope,
}

impl Fixture {
    async fn open(url: &str) -> Self {
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
        let store = SegmentStore::new(writer.clone(), reader.clone());
        let scope = Scope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        Self { writer, reader, store, scope }
    }

    fn batch(&self, records: Vec<Record>) -> Batch {
        Batch { records, ..Batch::new(self.scope.organization, self.scope.database) }
    }

    async fn append(&self, records: Vec<Record>) {
        use basira_actors::ports::SampleSink;
        self.store.append(self.batch(records)).await.unwrap();
    }

    async fn seal(&self) -> usize {
        self.store.seal(Timestamp(i64::MAX / 2)).await.unwrap()
    }

    /// Rows of the tail, and segments.
    async fn rows(&self) -> (u64, u64) {
        let tail = tail::Entity::find().count(&self.reader).await.unwrap();
        (tail, segment::Entity::find().count(&self.reader).await.unwrap())
    }

    async fn execute(&self, sqlite: &str, postgres: &str) {
        let sql = if self.writer.get_database_backend() == DbBackend::Sqlite { sqlite } else { postgres };
        self.writer.execute_unprepared(sql).await.unwrap();
    }
}

/// Runs `test` on a new store of each kind.
async fn on_each_backend(test: impl AsyncFn(&Fixture)) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.db");
    test(&Fixture::open(&format!("sqlite://{}?mode=rwc", path.display())).await).await;

    let server = crate::testing::postgres_url().await;
    let admin = Database::connect(&server).await.unwrap();
    let name = format!("samples_{}", uuid::Uuid::now_v7().simple());
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    test(&Fixture::open(url.as_str()).await).await;
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
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
