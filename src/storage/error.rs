//! What can go wrong with the storage, told apart by what the caller can do about it.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use crate::quota::QuotaExceeded;

/// The storage refused.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The configured URL names no storage that this program can open.
    #[error("the URL must be sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE: {0}")]
    Url(&'static str),
    /// It cannot be reached, or has no room or time for us: trying again later may help.
    #[error("the storage is unavailable: {0}")]
    Unavailable(String),
    /// It was made by an older program.
    #[error("the storage is older than this program; start the server once, or run: basira admin migrate")]
    Outdated,
    /// A row with this unique value exists already.
    #[error("already stored: {0}")]
    Conflict(String),
    /// The organization may not have one more.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// Anything else: trying again will not help.
    #[error("the storage failed: {0}")]
    Database(DbErr),
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(detail)) = error.sql_err() {
            return Self::Conflict(detail);
        }
        if is_unavailable(&error) { Self::Unavailable(error.to_string()) } else { Self::Database(error) }
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
    }
}

/// Whether the storage itself is the cause, and not what was asked of it.
pub(crate) fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match &**error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                sqlx::Error::Database(error) => is_out_of_service(error.as_ref()),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether the server or file itself is in no state to work, whatever was asked of it.
fn is_out_of_service(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // the low byte is the primary code: aborted by a rollback, busy, locked, out of memory, read-only, I/O error,
        // damaged, full, cannot open, locking protocol, no database
        let primary = code.parse::<i32>().unwrap_or_default() & 0xff;
        return matches!(primary, 4 | 5 | 6 | 7 | 8 | 10 | 11 | 13 | 14 | 15 | 26);
    }
    // connection lost, too many connections, out of disk or memory, shutting down or starting up, read-only standby
    ["08", "53", "57P", "25006"].iter().any(|class| code.starts_with(class))
}
