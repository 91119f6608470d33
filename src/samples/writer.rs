//! The one task that writes: everything that waits is committed together.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{Batch, DatabaseId, Record, Stream};
use basira_actors::ports::SinkError;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use super::catalog::Catalog;
use super::codec::encode_record;
use super::{Scope, StoreError, rows, sealed};
use crate::blocking;

/// At most so many batches wait, and are committed together; then whoever appends waits.
const QUEUE: usize = 64;

/// A change of the tables other than an append.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    /// Makes it within `transaction`; when the answer is false, or an error, all of it is undone.
    async fn make(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr>;

    /// The stream, and the end of the newest record, that are sealed by it.
    fn seals(&self) -> Option<(DatabaseId, &'static str, i64)> {
        None
    }
}

enum Command {
    Append(Box<Prepared>, oneshot::Sender<Result<(), SinkError>>),
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
        connection: DatabaseConnection,
        catalog: Arc<Catalog>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let writer = Writer { connection, catalog, sealed_until: HashMap::new() };
        (Self(commands), writer.run(inbox))
    }

    /// Returns once `batch` is durable.
    pub(super) async fn append(&self, batch: Batch) -> Result<(), SinkError> {
        let closed = || SinkError("it is shut down".to_owned());
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
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) scope: Scope,
    pub(super) records: Vec<PreparedRecord>,
    pub(super) batch: Batch,
}

/// A record as it is stored.
#[derive(Clone)]
pub(super) struct PreparedRecord {
    pub(super) stream: &'static Stream,
    pub(super) from_ms: i64,
    pub(super) at_ms: i64,
    pub(super) blob: Vec<u8>,
}

impl Prepared {
    /// Encodes the records, in the task of whoever appends.
    fn new(mut batch: Batch) -> Result<Self, SinkError> {
        let scope = Scope { organization: batch.organization, database: batch.database };
        let records = std::mem::take(&mut batch.records);
        let encode = |record: &Record| {
            let blob = encode_record(record).map_err(|error| {
                SinkError(format!("a record of {} is refused: {error}", record.stream.name))
            })?;
            let (from_ms, at_ms) = (record.from.as_millis(), record.at.as_millis());
            Ok(PreparedRecord { stream: record.stream, from_ms, at_ms, blob })
        };
        let cells: usize = records.iter().map(|record| record.series.len() * record.columns.len()).sum();
        let encode_all = || records.iter().map(encode).collect::<Result<_, SinkError>>();
        let records = blocking::with_bytes(cells * size_of::<i64>(), encode_all)?;
        Ok(Self { scope, records, batch })
    }
}

/// Owns the writing side of the store.
struct Writer {
    connection: DatabaseConnection,
    catalog: Arc<Catalog>,
    /// Up to when each stream is sealed, as far as it was asked.
    sealed_until: HashMap<(DatabaseId, &'static str), i64>,
}

type Waiting = (Box<Prepared>, oneshot::Sender<Result<(), SinkError>>);

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

    /// Commits all batches at once; when that fails, each alone, so that a bad one does not take the others along.
    async fn append(&mut self, waiting: Vec<Waiting>) {
        if waiting.is_empty() {
            return;
        }
        let (mut batches, answers): (Vec<Prepared>, Vec<_>) =
            waiting.into_iter().map(|(batch, answer)| (*batch, answer)).unzip();
        let together = match self.leave_out_sealed(&mut batches).await {
            Ok(()) => self.commit(&batches).await,
            Err(error) => Err(error),
        };
        for (batch, answer) in batches.iter().zip(answers) {
            let result = match &together {
                Ok(()) => Ok(()),
                Err(error) if batches.len() == 1 => Err(sink_error(error)),
                Err(_) => self.commit(std::slice::from_ref(batch)).await.map_err(|error| sink_error(&error)),
            };
            // whoever no longer waits has lost nothing: the batch is stored
            answer.send(result).ok();
        }
    }

    async fn commit(&self, batches: &[Prepared]) -> Result<(), DbErr> {
        let transaction = self.connection.begin().await?;
        rows::insert(&transaction, batches).await?;
        transaction.commit().await?;
        for batch in batches {
            for entry in &batch.batch.entries {
                self.catalog.changed(batch.scope.database, entry.stream.name);
            }
        }
        Ok(())
    }

    /// A record that is already sealed, sent again, must not enter the tail a second time.
    async fn leave_out_sealed(&mut self, batches: &mut [Prepared]) -> Result<(), DbErr> {
        for Prepared { scope, records, .. } in batches {
            let mut kept = Vec::with_capacity(records.len());
            for record in records.drain(..) {
                let key = (scope.database, record.stream.name);
                let until = match self.sealed_until.get(&key) {
                    Some(&until) => until,
                    None => sealed::until(&self.connection, *scope, record.stream).await?.unwrap_or(i64::MIN),
                };
                self.sealed_until.insert(key, until);
                let is_sealed = record.at_ms <= until
                    && sealed::contains(&self.connection, *scope, record.stream, record.at_ms).await?;
                if !is_sealed {
                    kept.push(record);
                }
            }
            *records = kept;
        }
        Ok(())
    }

    async fn change(&mut self, change: &dyn Change) -> Result<bool, DbErr> {
        let transaction = self.connection.begin().await?;
        if !change.make(&transaction).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        transaction.commit().await?;
        if let Some((database, stream, until)) = change.seals() {
            let sealed = self.sealed_until.entry((database, stream)).or_insert(i64::MIN);
            *sealed = until.max(*sealed);
        }
        Ok(true)
    }
}

fn sink_error(error: &DbErr) -> SinkError {
    SinkError(error.to_string())
}
