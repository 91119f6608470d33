//! The one task that writes to the local tables: everything in its queue is committed together.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{Batch, DatabaseId};
use basira_actors::ports::RepositoryError;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::prepared::{Prepared, PreparedRecord};
use super::series_groups::SeriesGroups;
use super::{insert, sealed};
use crate::samples::{DatabaseScope, StoreError};
use crate::storage::{self, Transaction, is_unavailable};

/// The length of the queue, and the number of batches that are committed together at most.
const QUEUE: usize = 64;

/// A write other than an append.
#[async_trait]
pub(in crate::samples) trait WriteOp: Send + Sync + 'static {
    /// Writes within `transaction`, which is rolled back when the result is false or an error.
    async fn apply(&self, transaction: &Transaction) -> Result<bool, DbErr>;

    /// The stream that this seals, and the end of its newest sealed record.
    fn seals(&self) -> Option<(DatabaseId, &'static str, i64)> {
        None
    }
}

enum Command {
    Append(Box<Prepared>, oneshot::Sender<Result<(), RepositoryError>>),
    Write(Box<dyn WriteOp>, oneshot::Sender<Result<bool, DbErr>>),
    /// Writes what is waiting, then ends.
    Close,
}

/// Sends work to the writer task.
#[derive(Debug, Clone)]
pub(in crate::samples) struct WriterHandle(mpsc::Sender<Command>);

impl WriterHandle {
    /// Returns a handle and its task, which writes through `connection`.
    pub(in crate::samples) fn new(
        connection: storage::Writer,
        series_groups: Arc<SeriesGroups>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let writer = Writer { connection, series_groups, sealed_until: HashMap::new() };
        (Self(commands), writer.run(inbox))
    }

    /// Returns once `batch` is durable.
    pub(in crate::samples) async fn append(&self, batch: Arc<Batch>) -> Result<(), RepositoryError> {
        let closed = || RepositoryError("it is shut down".to_owned());
        let (answer, result) = oneshot::channel();
        let prepared = Box::new(Prepared::new(batch)?);
        self.0.send(Command::Append(prepared, answer)).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    /// Returns once `change` is durable; false when it was rolled back by its own decision.
    pub(in crate::samples) async fn change(&self, change: impl WriteOp) -> Result<bool, StoreError> {
        let (answer, result) = oneshot::channel();
        let command = Command::Write(Box::new(change), answer);
        self.0.send(command).await.map_err(|_| StoreError::Closed)?;
        Ok(result.await.map_err(|_| StoreError::Closed)??)
    }

    /// Queues `change` without waiting for it; does nothing when the queue is full.
    pub(in crate::samples) fn suggest(&self, change: impl WriteOp) {
        let (answer, _) = oneshot::channel();
        // the reader that found the reason finds it again
        self.0.try_send(Command::Write(Box::new(change), answer)).ok();
    }

    /// Ends the writer once everything in the queue is written.
    pub(in crate::samples) async fn close(&self) {
        // fails only when it is closed
        self.0.send(Command::Close).await.ok();
    }
}

/// The state of the writer task.
struct Writer {
    connection: storage::Writer,
    series_groups: Arc<SeriesGroups>,
    /// The end of the newest sealed record of each stream that was looked up.
    sealed_until: HashMap<(DatabaseId, &'static str), i64>,
}

type Waiting = (Box<Prepared>, oneshot::Sender<Result<(), RepositoryError>>);

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut pending = Vec::with_capacity(QUEUE);
        while inbox.recv_many(&mut pending, QUEUE).await > 0 {
            let mut waiting = Vec::new();
            let mut changes = Vec::new();
            for command in pending.drain(..) {
                match command {
                    Command::Append(batch, answer) => waiting.push((batch, answer)),
                    Command::Write(change, answer) => changes.push((change, answer)),
                    Command::Close => inbox.close(),
                }
            }
            self.append(waiting).await;
            for (change, answer) in changes {
                // the caller may have stopped waiting
                answer.send(self.change(&*change).await).ok();
            }
        }
    }

    /// Commits all batches together. When that fails because of the content of one, each is tried alone, so that the
    /// others are stored.
    async fn append(&mut self, waiting: Vec<Waiting>) {
        if waiting.is_empty() {
            return;
        }
        let (mut batches, answers): (Vec<Prepared>, Vec<_>) =
            waiting.into_iter().map(|(batch, answer)| (*batch, answer)).unzip();
        let together = self.store(&mut batches).await;
        let is_alone = batches.len() == 1;
        for (batch, answer) in batches.iter_mut().zip(answers) {
            let result = match &together {
                Ok(()) => Ok(()),
                Err(error) if is_alone || is_unavailable(error) => Err(repository_error(error)),
                Err(_) => {
                    self.store(std::slice::from_mut(batch)).await.map_err(|error| repository_error(&error))
                }
            };
            // the caller may have stopped waiting: the batch is stored all the same
            answer.send(result).ok();
        }
    }

    /// Stores all of `batches` that is not sealed already, or nothing.
    async fn store(&mut self, batches: &mut [Prepared]) -> Result<(), DbErr> {
        let transaction = self.connection.begin().await?;
        for batch in &mut *batches {
            self.leave_out_sealed(&transaction, batch).await?;
        }
        insert::insert(&transaction, batches).await?;
        let committed = transaction.commit().await;
        // also after an error: it may be stored all the same
        for batch in batches {
            for entry in &batch.batch.entries {
                self.series_groups.changed(batch.scope.database, entry.stream.name);
            }
        }
        committed
    }

    /// Removes the records that are sealed already, so that a repeated append does not store them twice. When a read
    /// fails, the batch is unchanged.
    async fn leave_out_sealed(
        &mut self,
        transaction: &Transaction,
        batch: &mut Prepared,
    ) -> Result<(), DbErr> {
        let mut sealed = Vec::with_capacity(batch.records.len());
        for record in &batch.records {
            sealed.push(self.is_sealed(transaction, batch.scope, record).await?);
        }
        let mut sealed = sealed.into_iter();
        batch.records.retain(|_| sealed.next() == Some(false));
        Ok(())
    }

    async fn is_sealed(
        &mut self,
        transaction: &Transaction,
        scope: DatabaseScope,
        record: &PreparedRecord,
    ) -> Result<bool, DbErr> {
        let key = (scope.database, record.stream.name);
        let until = match self.sealed_until.get(&key) {
            Some(&until) => until,
            None => {
                let until = sealed::until(transaction, scope, record.stream).await?.unwrap_or(i64::MIN);
                self.sealed_until.insert(key, until);
                until
            }
        };
        Ok(record.at_ms <= until && sealed::contains(transaction, scope, record.stream, record.at_ms).await?)
    }

    async fn change(&mut self, change: &dyn WriteOp) -> Result<bool, DbErr> {
        let transaction = self.connection.begin().await?;
        if !change.apply(&transaction).await? {
            return Ok(false);
        }
        let committed = transaction.commit().await;
        if let Some((database, stream, until)) = change.seals() {
            match &committed {
                Ok(()) => {
                    let sealed = self.sealed_until.entry((database, stream)).or_insert(i64::MIN);
                    *sealed = until.max(*sealed);
                }
                // it may be sealed all the same: the next append looks it up
                Err(_) => drop(self.sealed_until.remove(&(database, stream))),
            }
        }
        committed.map(|()| true)
    }
}

fn repository_error(error: &DbErr) -> RepositoryError {
    RepositoryError(error.to_string())
}
