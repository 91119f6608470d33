//! Basira's own storage: accounts, credentials and registered databases, on SQLite or PostgreSQL.

mod beside;
mod entity;
mod error;
mod millis;
mod open;
mod seal;
pub mod store;

use std::sync::{Arc, Mutex};

use basira_migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

pub use beside::StorageReader;
pub use error::StorageError;

use crate::clock_guard::ClockGuard;
use crate::config::SecretRing;
use seal::Sealer;

/// The open storage; cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    sealer: Sealer,
    /// By which history is deleted; of everybody who has this storage open here.
    clock: Arc<Mutex<ClockGuard>>,
}

/// What may happen only once at a time among all servers on one storage. The numbers are PostgreSQL's advisory
/// lock keys and must never change.
#[derive(Debug, Clone, Copy)]
#[repr(i64)]
enum Lock {
    Migrate = 0x6261_7369_7261_0001,
    Signup = 0x6261_7369_7261_0002,
    Seal = 0x6261_7369_7261_0003,
}

impl Storage {
    /// Opens `url` (`sqlite://path` or `postgres://...`); passwords of databases are sealed with `encryption_keys`.
    ///
    /// # Errors
    /// [`StorageError`] when the URL names no storage or the storage cannot be reached.
    pub async fn open(
        url: &str,
        encryption_keys: impl Into<SecretRing> + Send,
    ) -> Result<Self, StorageError> {
        let (writer, reader) = open::connect(url).await?;
        Ok(Self { writer, reader, sealer: Sealer::new(encryption_keys.into()), clock: Arc::default() })
    }

    /// Where to write. On SQLite this is the only connection that can: keep transactions short.
    #[must_use]
    pub const fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Where to read; on SQLite a pool that never waits for the writer.
    #[must_use]
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Brings the schema up to date, all of it or nothing; servers that start at once take turns.
    ///
    /// # Errors
    /// [`StorageError`] when a step fails or the schema is newer than this program.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        let transaction = self.exclusive(Lock::Migrate).await?;
        Migrator::up(&transaction, None).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether the storage answers and its schema is the one of this program.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be asked.
    pub async fn ready(&self) -> Result<bool, StorageError> {
        Ok(Migrator::get_pending_migrations_read_only(&self.reader).await?.is_empty())
    }

    /// Ends every connection, once what runs on them is done.
    ///
    /// # Errors
    /// [`StorageError`] when the storage does not let go.
    pub async fn close(self) -> Result<(), StorageError> {
        self.reader.close().await?;
        Ok(self.writer.close().await?)
    }

    /// A transaction that will write.
    async fn begin(&self) -> Result<DatabaseTransaction, StorageError> {
        // A deferred transaction that turns into a writer fails when another process wrote in between.
        let mode = (self.writer.get_database_backend() == DbBackend::Sqlite)
            .then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// A transaction that will seal: a key that it takes is not let go while it goes on.
    async fn begin_sealing(&self) -> Result<DatabaseTransaction, StorageError> {
        self.locked(Lock::Seal, "SELECT pg_advisory_xact_lock_shared($1)").await
    }

    /// A transaction that nobody else has at the same time; on SQLite every writing one is.
    async fn exclusive(&self, lock: Lock) -> Result<DatabaseTransaction, StorageError> {
        self.locked(lock, "SELECT pg_advisory_xact_lock($1)").await
    }

    async fn locked(&self, lock: Lock, sql: &str) -> Result<DatabaseTransaction, StorageError> {
        let transaction = self.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [(lock as i64).into()]);
            transaction.execute_raw(statement).await?;
        }
        Ok(transaction)
    }
}

#[cfg(test)]
pub(crate) mod tests;
