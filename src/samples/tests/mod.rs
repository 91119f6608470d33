//! The store as a whole, on SQLite and on a real PostgreSQL.

mod blobs;
mod durable;
mod model;
mod rollups;
mod store;
mod upkeep;
mod usage;
mod windows;

use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, Stream, Timestamp};
use basira_migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait,
};
use sea_orm_migration::MigratorTrait;

use super::entity::{block, segment, tail};
use super::{Retention, Scope, SegmentStore, Window};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// The start of an hour.
const START: i64 = 1_764_000_000_000 / HOUR * HOUR;
const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };

/// An empty store.
struct Fixture {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    store: SegmentStore,
    retention: Retention,
    scope: Scope,
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
        let store = SegmentStore::new(writer.clone(), reader.clone(), retention);
        let scope = Scope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
        Self { writer, reader, store, retention, scope }
    }

    fn batch(&self, records: Vec<Record>) -> Batch {
        Batch { records, ..Batch::new(self.scope.organization, self.scope.database) }
    }

    async fn append(&self, records: Vec<Record>) {
        use basira_actors::ports::SampleSink;
        self.store.append(self.batch(records)).await.unwrap();
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

    /// As after a crash: nothing is closed, nothing is remembered.
    fn restart(&mut self) {
        self.store = SegmentStore::new(self.writer.clone(), self.reader.clone(), self.retention);
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
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.db");
    test(&mut Fixture::open(&format!("sqlite://{}?mode=rwc", path.display()), retention).await).await;

    let server = crate::testing::postgres_url().await;
    let admin = Database::connect(&server).await.unwrap();
    let name = format!("samples_{}", uuid::Uuid::now_v7().simple());
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    test(&mut Fixture::open(url.as_str(), retention).await).await;
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}

/// A record of which each series has `value` in every column.
fn record(stream: &'static Stream, from: i64, at: i64, series: &[u64], value: i64) -> Record {
    Record {
        stream,
        from: Timestamp(from),
        at: Timestamp(at),
        series: series.to_vec(),
        columns: vec![vec![value; series.len()]; stream.columns.len()],
    }
}
