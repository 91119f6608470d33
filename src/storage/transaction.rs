//! The one way to write: an explicit transaction whose failure reaches whoever waits for it.
//!
//! A statement outside a transaction commits when it is reset, and the drivers do not report an error of that: an
//! `INSERT ... RETURNING` on a full disk gives its row and stores nothing. An explicit `COMMIT` does report it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use basira_actors::model::Timestamp;
use sea_orm::sea_query::Query;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::write_health::WriteHealth;

/// How long what became of the last write tells of the next one.
const CHECK_EVERY: Duration = Duration::from_secs(3);

/// The connections that write. They hand out transactions and nothing else.
#[derive(Debug, Clone)]
pub struct Writer {
    pool: DatabaseConnection,
    health: Arc<WriteHealth>,
}

impl Writer {
    /// On SQLite `pool` must be a single connection.
    #[must_use]
    pub fn new(pool: DatabaseConnection) -> Self {
        Self { pool, health: Arc::default() }
    }

    /// A transaction that will write.
    ///
    /// # Errors
    /// [`DbErr`] when there is no connection, or another process holds the write lock for too long.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        // A deferred transaction that turns into a writer fails when another process wrote in between.
        let mode = (self.pool.get_database_backend() == DbBackend::Sqlite)
            .then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        let begun = self.pool.begin_with_options(options).await;
        let inner = begun.inspect_err(|error| self.health.failed(error))?;
        Ok(Transaction { inner, has_failed: AtomicBool::new(false), health: Arc::clone(&self.health) })
    }

    /// Whether a write would go through now: the last one tells, or else something small is committed.
    ///
    /// # Errors
    /// [`DbErr`] when it would not.
    pub async fn check(&self) -> Result<(), DbErr> {
        let _turn = self.health.turn().await;
        if let Some(outcome) = self.health.last_within(CHECK_EVERY) {
            return outcome.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error)));
        }
        let now_ms = Timestamp::now().as_millis();
        let probe = Query::update().table("write_probe").value("written_at", now_ms).to_owned();
        let transaction = self.begin().await?;
        transaction.execute(&probe).await?;
        transaction.commit().await
    }

    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.pool.close().await
    }

    /// The connections themselves, to arrange what a test needs.
    #[cfg(test)]
    pub(crate) const fn raw(&self) -> &DatabaseConnection {
        &self.pool
    }
}

/// A transaction that writes. Dropped without [`Self::commit`], all of it is undone.
#[derive(Debug)]
#[must_use = "what is not committed is undone"]
pub struct Transaction {
    inner: DatabaseTransaction,
    /// After a failed statement SQLite may have rolled back already, so that the next statement would commit by itself;
    /// and PostgreSQL answers the `COMMIT` of a failed transaction with success and a `ROLLBACK`.
    has_failed: AtomicBool,
    health: Arc<WriteHealth>,
}

impl Transaction {
    /// Returns once everything is durable.
    ///
    /// # Errors
    /// [`DbErr`] when a statement failed before, or the commit does. When the connection is lost meanwhile the outcome
    /// is not known, and that is an error too.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.check()?;
        match self.inner.commit().await {
            Ok(()) => {
                self.health.succeeded();
                Ok(())
            }
            Err(error) => {
                self.health.failed(&error);
                Err(error)
            }
        }
    }

    /// For migrations, which take no other kind of connection.
    pub(super) const fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    fn check(&self) -> Result<(), DbErr> {
        if self.has_failed.load(Ordering::Acquire) {
            return Err(DbErr::Custom(
                "a statement of this transaction failed: all of it is undone".to_owned(),
            ));
        }
        Ok(())
    }

    fn note<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        result.inspect_err(|error| {
            self.has_failed.store(true, Ordering::Release);
            self.health.failed(error);
        })
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.check()?;
        self.note(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.check()?;
        self.note(self.inner.execute_unprepared(sql).await)
    }

    /// Runs the statement to its end: what fails after its first row, such as the check of a foreign key, is not
    /// reported when the rest is not asked for.
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.check()?;
        self.note(self.inner.query_all_raw(statement).await)
    }
}
