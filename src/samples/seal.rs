//! Turns finished hours of the tail into segments.

use std::time::Duration;

use basira_actors::model::{DatabaseId, Gap, GapReason, OrganizationId, Stream, Timestamp, streams};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::codec::{CodecError, decode_record};
use super::entity::{segment, tail};
use super::segment::{Segment, build};
use super::writer::Command;
use super::{Scope, StoreError, rows, sealed};

/// A segment holds at most so many records; more than these do not wait for the hour to end.
const MAX_RECORDS: u64 = 720;
const HOUR_MS: i64 = 3_600_000;
const INTERVAL: Duration = Duration::from_secs(60);

/// Reads tails, builds segments, and hands them to the writer.
#[derive(Clone)]
pub(super) struct Sealer {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: mpsc::Sender<Command>,
}

/// A stream's tail, as far as it shows in the index.
struct Tail {
    database: DatabaseId,
    stream: &'static Stream,
    newest_ms: i64,
    records: u64,
}

impl Sealer {
    /// Seals once a minute until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            if let Some(Err(error)) = stop.run_until_cancelled(self.seal(Timestamp::now())).await {
                tracing::warn!(%error, "sealing samples failed; they stay readable, and it is tried again");
            }
        }
    }

    /// Seals every hour that is over, and says how many segments that made.
    pub(super) async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut made = 0;
        for tail in self.tails().await? {
            made += self.seal_tail(&tail, now).await?;
        }
        Ok(made)
    }

    async fn tails(&self) -> Result<Vec<Tail>, DbErr> {
        // only columns of the key: the index answers this without the blobs
        let all: Vec<(Uuid, String, i64, i64)> = tail::Entity::find()
            .select_only()
            .columns([tail::Column::DatabaseId, tail::Column::Stream])
            .column_as(tail::Column::AtMs.max(), "newest")
            .column_as(tail::Column::AtMs.count(), "records")
            .group_by(tail::Column::DatabaseId)
            .group_by(tail::Column::Stream)
            .into_tuple()
            .all(&self.reader)
            .await?;
        let known = |(database, stream, newest_ms, records): (Uuid, String, i64, i64)| {
            let stream = streams::find(&stream)?;
            Some(Tail { database: DatabaseId(database), stream, newest_ms, records: records.cast_unsigned() })
        };
        Ok(all.into_iter().filter_map(known).collect())
    }

    async fn seal_tail(&self, tail: &Tail, now: Timestamp) -> Result<usize, StoreError> {
        // the target's clock counts, for it stamps the records; but not one that runs ahead
        let over = tail.newest_ms.min(now.as_millis()).div_euclid(HOUR_MS) * HOUR_MS;
        let mut left = tail.records;
        let mut made = 0;
        while let Some(oldest_ms) = self.oldest(tail).await? {
            let end_ms = hour_end(oldest_ms);
            if end_ms > over && left <= MAX_RECORDS {
                break;
            }
            let piece = self.load(tail, end_ms).await?;
            left = left.saturating_sub(piece.len() as u64);
            let stream = tail.stream;
            let database = tail.database;
            let sealed = tokio::task::spawn_blocking(move || Sealed::new(database, stream, piece))
                .await
                .map_err(|error| StoreError::Decoding(error.to_string()))?
                .map_err(|error| StoreError::Decoding(error.to_string()))?;
            let Some(sealed) = sealed else { break };
            let (answer, result) = oneshot::channel();
            self.writer
                .send(Command::Seal(Box::new(sealed), answer))
                .await
                .map_err(|_| StoreError::Closed)?;
            if !result.await.map_err(|_| StoreError::Closed)?? {
                break;
            }
            made += 1;
        }
        Ok(made)
    }

    async fn oldest(&self, tail: &Tail) -> Result<Option<i64>, DbErr> {
        let oldest = of(tail).select_only().column_as(tail::Column::AtMs.min(), "oldest");
        Ok(oldest.into_tuple::<Option<i64>>().one(&self.reader).await?.flatten())
    }

    async fn load(&self, tail: &Tail, end_ms: i64) -> Result<Vec<tail::Model>, DbErr> {
        of(tail)
            .filter(tail::Column::AtMs.lte(end_ms))
            .order_by_asc(tail::Column::AtMs)
            .limit(MAX_RECORDS)
            .all(&self.reader)
            .await
    }
}

/// The end of the hour in which a record that ends at `at_ms` ends; an hour is open at its start, as a window is.
fn hour_end(at_ms: i64) -> i64 {
    at_ms.saturating_sub(1).div_euclid(HOUR_MS).saturating_add(1).saturating_mul(HOUR_MS)
}

fn of(tail: &Tail) -> sea_orm::Select<tail::Entity> {
    tail::Entity::find()
        .filter(tail::Column::DatabaseId.eq(tail.database.0))
        .filter(tail::Column::Stream.eq(tail.stream.name))
}

/// A piece of a tail and what takes its place.
pub(super) struct Sealed {
    pub(super) scope: Scope,
    pub(super) stream: &'static Stream,
    tail_ms: (i64, i64),
    tail_rows: u64,
    /// None when not one record could be read.
    segment: Option<Segment>,
    damaged: Vec<Gap>,
}

impl Sealed {
    /// Nothing when there is no tail.
    fn new(
        database: DatabaseId,
        stream: &'static Stream,
        tail: Vec<tail::Model>,
    ) -> Result<Option<Self>, CodecError> {
        let (Some(first), Some(last)) = (tail.first(), tail.last()) else { return Ok(None) };
        let scope = Scope { organization: OrganizationId(first.organization_id), database };
        let (tail_ms, tail_rows) = ((first.at_ms, last.at_ms), tail.len() as u64);
        let mut damaged = Vec::new();
        let mut blobs = Vec::with_capacity(tail.len());
        for row in tail {
            match decode_record(&row.record, stream.columns.len()) {
                Ok(_) => blobs.push(row.record),
                Err(error) => {
                    tracing::warn!(%database, stream = stream.name, at_ms = row.at_ms, %error, "a stored record cannot be read");
                    let (from, to) = (Timestamp(row.from_ms), Timestamp(row.at_ms));
                    damaged.push(Gap { stream, from, to, reason: GapReason::Damaged });
                }
            }
        }
        let segment = if blobs.is_empty() { None } else { Some(build(stream, &blobs)?) };
        Ok(Some(Self { scope, stream, tail_ms, tail_rows, segment, damaged }))
    }

    /// The end of the newest record in it.
    pub(super) fn last_ms(&self) -> i64 {
        self.tail_ms.1
    }

    /// In one transaction: takes the tail away and puts the segment in its place. False, and nothing is done, when the
    /// tail is no longer the one that was read.
    pub(super) async fn commit(&self, connection: &DatabaseConnection) -> Result<bool, DbErr> {
        let transaction = connection.begin().await?;
        let taken = tail::Entity::delete_many()
            .filter(tail::Column::DatabaseId.eq(self.scope.database.0))
            .filter(tail::Column::Stream.eq(self.stream.name))
            .filter(tail::Column::AtMs.between(self.tail_ms.0, self.tail_ms.1))
            .exec(&transaction)
            .await?;
        if taken.rows_affected != self.tail_rows {
            transaction.rollback().await?;
            return Ok(false);
        }
        if let Some(segment) = &self.segment {
            let model = self.model(segment).into_active_model();
            segment::Entity::insert(model).exec_without_returning(&transaction).await?;
        }
        let gaps: Vec<_> = self.damaged.iter().map(|&gap| (self.scope, gap)).collect();
        rows::insert_gaps(&transaction, &gaps).await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn model(&self, segment: &Segment) -> segment::Model {
        let starts = segment.records.iter().map(|record| record.0);
        let ends = segment.records.iter().map(|record| record.1);
        segment::Model {
            id: Uuid::now_v7(),
            database_id: self.scope.database.0,
            organization_id: self.scope.organization.0,
            stream: self.stream.name.to_owned(),
            resolution: sealed::RAW,
            first_ms: starts.clone().min().unwrap_or_default(),
            first_end_ms: ends.clone().min().unwrap_or_default(),
            last_start_ms: starts.max().unwrap_or_default(),
            last_ms: ends.max().unwrap_or_default(),
            row_count: i64::try_from(segment.row_count).unwrap_or(i64::MAX),
            size_bytes: i64::try_from(segment.sums.len() + segment.columns.len()).unwrap_or(i64::MAX),
            sums: segment.sums.clone(),
            columns: segment.columns.clone(),
        }
    }
}
