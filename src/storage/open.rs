//! Connecting: SQLite with one writer and a few readers, PostgreSQL with a pool of each.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, ready};
use sea_orm::sqlx::pool::{PoolConnectionMetadata, PoolOptions};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Postgres, Sqlite};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};

use super::StorageError;

/// How long a request may wait for a connection before the storage counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A poll touches a handful of pages, most of them for a few bytes: the smaller they are, the less is written.
const PAGE_BYTES: u32 = 2_048;
/// Pages of the log before they move to the file: what is written over and over meanwhile moves once.
const LOG_PAGES: &str = "32768";
const SQLITE_READERS: u32 = 4;
/// Reads hold a connection for as long as they walk through samples: they must not keep writes waiting.
const POSTGRES_READERS: u32 = 8;
const POSTGRES_WRITERS: u32 = 4;

/// The writer and the reader of `url`.
pub(super) async fn connect(url: &str) -> Result<(DatabaseConnection, DatabaseConnection), StorageError> {
    if url.starts_with("sqlite:") {
        open_sqlite(url).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok((open_postgres(url, POSTGRES_WRITERS).await?, open_postgres(url, POSTGRES_READERS).await?))
    } else {
        Err(StorageError::Url("unknown scheme"))
    }
}

/// A reader of what is at `url` already, and its file if it is one.
pub(super) async fn connect_reader(url: &str) -> Result<(DatabaseConnection, Option<PathBuf>), StorageError> {
    if !url.starts_with("sqlite:") {
        return Ok((open_postgres(url, POSTGRES_READERS).await?, None));
    }
    let options = sqlite_options(url)?;
    let path = options.get_filename().to_owned();
    if !path.is_file() {
        let message = format!("{} is not there; check data_dir and storage.url", path.display());
        return Err(StorageError::Unavailable(message));
    }
    let pool = sqlite_pool(1).connect_with(options.read_only(true)).await?;
    Ok((SqlxSqliteConnector::from_sqlx_sqlite_pool(pool), Some(path)))
}

/// Where a SQLite at `url` is kept; none for another kind of storage.
pub(super) fn sqlite_file(url: &str) -> Result<Option<PathBuf>, StorageError> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    Ok(Some(sqlite_options(url)?.get_filename().to_owned()))
}

async fn open_postgres(url: &str, connections: u32) -> Result<DatabaseConnection, StorageError> {
    let pool = pool::<Postgres>(connections).connect_with(postgres_options(url)?).await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// How a PostgreSQL at `url` is reached.
pub(super) fn postgres_options(url: &str) -> Result<PgConnectOptions, StorageError> {
    // the parser's own words could repeat the password
    let options = PgConnectOptions::from_str(url).map_err(|_| StorageError::Url("it cannot be parsed"))?;
    Ok(options.application_name("basira").disable_statement_logging())
}

async fn open_sqlite(url: &str) -> Result<(DatabaseConnection, DatabaseConnection), StorageError> {
    let options = sqlite_options(url)?;
    let path = options.get_filename().to_owned();
    create_private(&path)
        .map_err(|error| StorageError::Unavailable(format!("cannot open {}: {error}", path.display())))?;
    // takes effect on an empty file only: before the first table
    let writer = options
        .clone()
        .page_size(PAGE_BYTES)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", LOG_PAGES);
    let writer = open_with_retry(sqlite_pool(1), writer).await?;
    let reader = sqlite_pool(SQLITE_READERS).connect_with(options.read_only(true)).await?;
    Ok((
        SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
    ))
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, StorageError> {
    let options =
        SqliteConnectOptions::from_str(url).map_err(|_| StorageError::Url("it cannot be parsed"))?;
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StorageError::Url("a database in memory cannot be shared by connections"));
    }
    Ok(options
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging())
}

fn sqlite_pool(connections: u32) -> PoolOptions<Sqlite> {
    pool(connections).min_connections(1).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
}

fn pool<DB: sqlx::Database>(connections: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .before_acquire(has_no_open_transaction)
}

/// False, so that the connection is closed, when its last `COMMIT` failed and then its `ROLLBACK` too: on a full disk
/// SQLite rolls back by itself, and has nothing left to roll back. The driver still counts that transaction, every later
/// one would be a savepoint within it, and nothing would ever be committed.
fn has_no_open_transaction<C: Connection>(
    connection: &mut C,
    _: PoolConnectionMetadata,
) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    let is_clean = !connection.is_in_transaction();
    if !is_clean {
        tracing::debug!(
            "a connection to the storage is closed, since its last transaction could not be ended"
        );
    }
    Box::pin(ready(Ok(is_clean)))
}

/// The switch of a new file to WAL does not honour the busy time-out: wait by hand for a server that starts at once.
async fn open_with_retry(
    pool: PoolOptions<Sqlite>,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, StorageError> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(sea_orm::sqlx::Error::Database(error))
                if error.message().contains("locked") && Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// Creates `path` for its owner only; SQLite gives the files beside it the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}
