//! The one task that writes: everything that waits is committed together.

use std::collections::HashMap;

use basira_actors::model::{Batch, DatabaseId, Gap, Stream};
use basira_actors::ports::SinkError;
use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use super::codec::encode_record;
use super::seal::Sealed;
use super::{Scope, rows, sealed};

/// At most so many batches wait, and are committed together; then whoever appends waits.
pub(super) const QUEUE: usize = 64;

/// What the writer is asked to do.
pub(super) enum Command {
    Append(Box<Prepared>, oneshot::Sender<Result<(), SinkError>>),
    /// Puts a segment in the place of its tail; answers whether the tail was still there.
    Seal(Box<Sealed>, oneshot::Sender<Result<bool, DbErr>>),
    Forget(Scope, oneshot::Sender<Result<(), DbErr>>),
    /// Something could not be read.
    Damaged(Scope, Gap),
    /// Writes what is waiting, then ends.
    Close,
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
    pub(super) fn new(mut batch: Batch) -> Result<Self, SinkError> {
        let scope = Scope { organization: batch.organization, database: batch.database };
        let records = std::mem::take(&mut batch.records);
        let encode = |record: &basira_actors::model::Record| {
            let blob = encode_record(record).map_err(|error| {
                SinkError(format!("a record of {} is refused: {error}", record.stream.name))
            })?;
            let (from_ms, at_ms) = (record.from.as_millis(), record.at.as_millis());
            Ok(PreparedRecord { stream: record.stream, from_ms, at_ms, blob })
        };
        Ok(Self { scope, records: records.iter().map(encode).collect::<Result<_, SinkError>>()?, batch })
    }
}

/// Owns the writing side of the store.
pub(super) struct Writer {
    pub(super) connection: DatabaseConnection,
    /// Up to when each stream is sealed, as far as it was asked.
    pub(super) sealed_until: HashMap<(DatabaseId, &'static str), i64>,
}

type Waiting = (Box<Prepared>, oneshot::Sender<Result<(), SinkError>>);

impl Writer {
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut pending = Vec::with_capacity(QUEUE);
        while inbox.recv_many(&mut pending, QUEUE).await > 0 {
            let mut waiting = Vec::new();
            let mut others = Vec::new();
            for command in pending.drain(..) {
                match command {
                    Command::Append(batch, answer) => waiting.push((batch, answer)),
                    Command::Close => inbox.close(),
                    other => others.push(other),
                }
            }
            self.append(waiting).await;
            for command in others {
                self.obey(command).await;
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
        transaction.commit().await
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

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Seal(sealed, answer) => {
                let result = sealed.commit(&self.connection).await;
                if matches!(result, Ok(true)) {
                    let until = self
                        .sealed_until
                        .entry((sealed.scope.database, sealed.stream.name))
                        .or_insert(i64::MIN);
                    *until = sealed.last_ms().max(*until);
                }
                answer.send(result).ok();
            }
            Command::Forget(scope, answer) => {
                self.sealed_until.retain(|(database, _), _| *database != scope.database);
                answer.send(rows::forget(&self.connection, scope).await).ok();
            }
            Command::Damaged(scope, gap) => {
                if let Err(error) = rows::insert_gaps(&self.connection, &[(scope, gap)]).await {
                    tracing::warn!(database = %scope.database, %error, "noting a damaged sample failed");
                }
            }
            Command::Append(..) | Command::Close => {}
        }
    }
}

fn sink_error(error: &DbErr) -> SinkError {
    SinkError(error.to_string())
}
