//! The one task that writes: everything that waits is committed together.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{Batch, DatabaseId, Record, Stream};
use basira_actors::ports::RepositoryError;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::catalog::Catalog;
use super::codec::encode_record;
use super::{Scope, StoreError, rows, sealed};
use crate::blocking;
use crate::storage::{self, Transaction, is_unavailable};

/// At most so many batches wait, and are committed together; then whoever appends waits.
const QUEUE: usize = 64;

/// A change of the tables other than an append.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    /// Makes it within `transaction`; when the answer is false, or an error, all of it is undone.
    async fn make(&self, transaction: &Transaction) -> Result<bool, DbErr>;

    /// The stream, and the end of the newest record, that are sealed by it.
    fn seals(&self) -> Option<(DatabaseId, &'static str, i64)> {
        None
    }
}

enum Command {
    Append(Box<Prepared>, oneshot::Sender<Result<(), RepositoryError>>),
    Change(Box<dyn Change>, oneshot::Sender<Result<bool, DbErr>>),
    /// Writes what is waiting, then ends.
    Close,
}

/// Hands work to the writer.
#[derive(Debug, Clone)]
pub(super) struct Pen(mpsc::Sender<Command>);

impl Pen {
    /// A pen, and the task at its other end, which writes through `connection`.
    pub(super) fn new(
        connection: storage::Writer,
        catalog: Arc<Catalog>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let writer = Writer { connection, catalog, sealed_until: HashMap::new() };
        (Self(commands), writer.run(inbox))
    }

    /// Returns once `batch` is durable.
    pub(super) async fn append(&self, batch: Arc<Batch>) -> Result<(), RepositoryError> {
        let closed = || RepositoryError("it is shut down".to_owned());
        let (answer, result) = oneshot::channel();
        let prepared = Box::new(Prepared::new(batch)?);
        self.0.send(Command::Append(prepared, answer)).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    /// Returns once `change` is durable; false when it found that it must not be made.
    pub(super) async fn change(&self, change: impl Change) -> Result<bool, StoreError> {
        let (answer, result) = oneshot::channel();
        let command = Command::Change(Box::new(change), answer);
        self.0.send(command).await.map_err(|_| StoreError::Closed)?;
        Ok(result.await.map_err(|_| StoreError::Closed)??)
    }

    /// Asks for `change` without waiting for it; when too much waits already it is left out.
    pub(super) fn suggest(&self, change: impl Change) {
        let (answer, _) = oneshot::channel();
        // a full queue loses nothing: whoever found a reason will find it again
        self.0.try_send(Command::Change(Box::new(change), answer)).ok();
    }

    /// Lets the writer end once everything that waits is written.
    pub(super) async fn close(&self) {
        // fails only when it is closed already
        self.0.send(Command::Close).await.ok();
    }
}

/// A batch ready to be written.
pub(super) struct Prepared {
    pub(super) scope: Scope,
    pub(super) records: Vec<PreparedRecord>,
    /// As it came, for all but its records.
    pub(super) batch: Arc<Batch>,
}

/// A record as it is stored.
pub(super) struct PreparedRecord {
    pub(super) stream: &'static Stream,
    pub(super) from_ms: i64,
    pub(super) at_ms: i64,
    pub(super) blob: Vec<u8>,
}

impl Prepared {
    /// Encodes the records, in the task of whoever appends.
    fn new(batch: Arc<Batch>) -> Result<Self, RepositoryError> {
        let scope = Scope { organization: batch.organization, database: batch.database };
        let encode = |record: &Record| {
            let blob = encode_record(record).map_err(|error| {
                RepositoryError(format!("a record of {} is refused: {error}", record.stream.name))
            })?;
            let (from_ms, at_ms) = (record.from.as_millis(), record.at.as_millis());
            Ok(PreparedRecord { stream: record.stream, from_ms, at_ms, blob })
        };
        let cells: usize =
            batch.records.iter().map(|record| record.series.len() * record.columns.len()).sum();
        let encode_all = || batch.records.iter().map(encode).collect::<Result<_, RepositoryError>>();
        let records = blocking::with_bytes(cells * size_of::<i64>(), encode_all)?;
        Ok(Self { scope, records, batch })
    }
}

/// Owns the writing side of the store.
struct Writer {
    connection: storage::Writer,
    catalog: Arc<Catalog>,
    /// Up to when each stream is sealed, as far as it was asked.
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
                    Command::Change(change, answer) => changes.push((change, answer)),
                    Command::Close => inbox.close(),
                }
            }
            self.append(waiting).await;
            for (change, answer) in changes {
                // whoever no longer waits has lost nothing
                answer.send(self.change(&*change).await).ok();
            }
        }
    }

    /// Commits all batches at once. When that fails by what one of them holds, each is tried alone, so that a bad one
    /// does not take the others along.
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
                Err(error) if is_alone || is_unavailable(error) => Err(sink_error(error)),
                Err(_) => self.store(std::slice::from_mut(batch)).await.map_err(|error| sink_error(&error)),
            };
            // whoever no longer waits has lost nothing: the batch is stored
            answer.send(result).ok();
        }
    }

    /// Stores all of `batches` that is not sealed already, or nothing.
    async fn store(&mut self, batches: &mut [Prepared]) -> Result<(), DbErr> {
        let transaction = self.connection.begin().await?;
        for batch in &mut *batches {
            self.leave_out_sealed(&transaction, batch).await?;
        }
        rows::insert(&transaction, batches).await?;
        let committed = transaction.commit().await;
        // also when it failed: it may be stored all the same
        for batch in batches {
            for entry in &batch.batch.entries {
                self.catalog.changed(batch.scope.database, entry.stream.name);
            }
        }
        committed
    }

    /// A record that is already sealed, sent again, must not enter the tail a second time. When a read fails, the batch
    /// stays as it was.
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
        scope: Scope,
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

    async fn change(&mut self, change: &dyn Change) -> Result<bool, DbErr> {
        let transaction = self.connection.begin().await?;
        if !change.make(&transaction).await? {
            return Ok(false);
        }
        let committed = transaction.commit().await;
        if let Some((database, stream, until)) = change.seals() {
            match &committed {
                Ok(()) => {
                    let sealed = self.sealed_until.entry((database, stream)).or_insert(i64::MIN);
                    *sealed = until.max(*sealed);
                }
                // it may be sealed all the same: whoever wants to know asks again
                Err(_) => drop(self.sealed_until.remove(&(database, stream))),
            }
        }
        committed.map(|()| true)
    }
}

fn sink_error(error: &DbErr) -> RepositoryError {
    RepositoryError(error.to_string())
}
