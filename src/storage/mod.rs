//! Basira's own storage: accounts, credentials and registered databases, on SQLite or PostgreSQL.

mod encryption;
mod entity;
mod error;
mod open;
mod reader;
mod server_lock;
pub mod store;
mod timestamp;
mod transaction;
mod write_health;

use std::sync::Arc;

use basira_migrations::{Migrator, MigratorTrait};
use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

pub use error::StorageError;
pub(crate) use error::is_unavailable;
pub use reader::StorageReader;
pub use server_lock::{ServerLockError, ServerLocks};
pub use transaction::{Transaction, Writer};

use crate::clock_guard::ClockGuard;
use crate::config::SecretRing;
use encryption::Cipher;

/// The open storage; cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    writer: Writer,
    reader: DatabaseConnection,
    cipher: Cipher,
    /// The clock by which history is deleted; shared by the clones.
    clock: Arc<Mutex<ClockGuard>>,
}

/// What may happen only once at a time among all servers on one storage. The numbers are PostgreSQL's advisory
/// lock keys and must never change.
#[derive(Debug, Clone, Copy)]
#[repr(i64)]
enum Lock {
    Migrate = 0x6261_7369_7261_0001,
    Signup = 0x6261_7369_7261_0002,
    Encrypt = 0x6261_7369_7261_0003,
}

impl Storage {
    /// Opens `url` (`sqlite://path` or `postgres://...`); passwords of databases are encrypted with `encryption_keys`.
    ///
    /// # Errors
    /// [`StorageError`] when the URL names no storage or the storage cannot be reached.
    pub async fn open(
        url: &str,
        encryption_keys: impl Into<SecretRing> + Send,
    ) -> Result<Self, StorageError> {
        let (writer, reader) = open::connect(url).await?;
        let writer = Writer::new(writer);
        Ok(Self { writer, reader, cipher: Cipher::new(encryption_keys.into()), clock: Arc::default() })
    }

    /// Where to begin to write. On SQLite one transaction writes at a time: keep them short.
    #[must_use]
    pub const fn writer(&self) -> &Writer {
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
        Migrator::up(transaction.inner(), None).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether the schema is the one of this program; then writes go through too.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read or takes no writes.
    pub async fn ready(&self) -> Result<bool, StorageError> {
        let is_migrated = Migrator::get_pending_migrations_read_only(&self.reader).await?.is_empty();
        if is_migrated {
            self.writer.check().await?;
        }
        Ok(is_migrated)
    }

    /// Closes every connection, once its statements are done.
    ///
    /// # Errors
    /// [`StorageError`] when a connection cannot be closed.
    pub async fn close(self) -> Result<(), StorageError> {
        self.reader.close().await?;
        Ok(self.writer.close().await?)
    }

    /// A transaction that will write.
    async fn begin(&self) -> Result<Transaction, StorageError> {
        Ok(self.writer.begin().await?)
    }

    /// A transaction that will encrypt: the key that it uses is not deleted before it ends.
    async fn begin_encrypting(&self) -> Result<Transaction, StorageError> {
        self.locked(Lock::Encrypt, "SELECT pg_advisory_xact_lock_shared($1)").await
    }

    /// A transaction that excludes others with the same lock; on SQLite every writing one does.
    async fn exclusive(&self, lock: Lock) -> Result<Transaction, StorageError> {
        self.locked(lock, "SELECT pg_advisory_xact_lock($1)").await
    }

    async fn locked(&self, lock: Lock, sql: &str) -> Result<Transaction, StorageError> {
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
