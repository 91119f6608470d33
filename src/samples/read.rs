//! Walks over all records of a window: segments first, then the tail, one blob at a time, from one snapshot.

use basira_actors::model::{Gap, GapReason, Stream, Timestamp};
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IsolationLevel, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};
use uuid::Uuid;

use super::codec::{Block, CodecError, Directory, Sums, decode_record};
use super::entity::{segment, tail};
use super::fold::Gather;
use super::{Scope, StoreError, Window, sealed};

/// Records of the tail read at a time.
const PAGE: u64 = 64;

/// A walk under way.
pub(super) struct Walk<G> {
    pub(super) scope: Scope,
    pub(super) window: Window,
    pub(super) gather: G,
    /// What could not be read.
    pub(super) damaged: Vec<Gap>,
}

/// A transaction in which no record moves from the tail into a segment.
pub(super) async fn snapshot(reader: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match reader.get_database_backend() {
        // a reader of SQLite always sees one state
        DbBackend::Sqlite => reader.begin().await,
        _ => reader.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await,
    }
}

impl<G: Gather> Walk<G> {
    pub(super) async fn run(mut self, snapshot: &DatabaseTransaction) -> Result<Self, StoreError> {
        for place in self.segments(snapshot).await? {
            self = self.segment(snapshot, place).await?;
        }
        let mut after = self.window.since.as_millis();
        loop {
            let page = self.tail(snapshot, after).await?;
            let Some(last) = page.last() else { return Ok(self) };
            after = last.1;
            self = off_thread(move || self.add_tail(&page)).await?;
        }
    }

    async fn segments(&self, snapshot: &DatabaseTransaction) -> Result<Vec<Place>, DbErr> {
        let overlapping = sealed::of(self.scope, self.gather.stream())
            .filter(segment::Column::LastMs.gt(self.window.since.as_millis()))
            .filter(segment::Column::FirstMs.lt(self.window.until.as_millis()))
            .order_by_asc(segment::Column::LastMs)
            .select_only()
            .columns([
                segment::Column::Id,
                segment::Column::FirstMs,
                segment::Column::FirstEndMs,
                segment::Column::LastStartMs,
                segment::Column::LastMs,
            ]);
        let places: Vec<(Uuid, i64, i64, i64, i64)> = overlapping.into_tuple().all(snapshot).await?;
        let place =
            |(id, first, first_end, last_start, last)| Place { id, first, first_end, last_start, last };
        Ok(places.into_iter().map(place).collect())
    }

    async fn segment(self, snapshot: &DatabaseTransaction, place: Place) -> Result<Self, StoreError> {
        let whole = self.window.covers(place.last_start, place.first_end)
            && self.gather.is_one_cell(place.first_end, place.last);
        let column = if whole { segment::Column::Sums } else { segment::Column::Columns };
        let blob = sealed::of(self.scope, self.gather.stream())
            .filter(segment::Column::Id.eq(place.id))
            .select_only()
            .column(column)
            .into_tuple::<Vec<u8>>()
            .one(snapshot)
            .await?;
        let Some(blob) = blob else { return Ok(self) };
        off_thread(move || if whole { self.add_sums(&place, &blob) } else { self.add_columns(&place, &blob) })
            .await
    }

    async fn tail(
        &self,
        snapshot: &DatabaseTransaction,
        after: i64,
    ) -> Result<Vec<(i64, i64, Vec<u8>)>, DbErr> {
        tail::Entity::find()
            .filter(tail::Column::DatabaseId.eq(self.scope.database.0))
            .filter(tail::Column::OrganizationId.eq(self.scope.organization.0))
            .filter(tail::Column::Stream.eq(self.gather.stream().name))
            .filter(tail::Column::AtMs.gt(after))
            .filter(tail::Column::FromMs.lt(self.window.until.as_millis()))
            .order_by_asc(tail::Column::AtMs)
            .limit(PAGE)
            .select_only()
            .columns([tail::Column::FromMs, tail::Column::AtMs, tail::Column::Record])
            .into_tuple()
            .all(snapshot)
            .await
    }

    fn add_tail(mut self, page: &[(i64, i64, Vec<u8>)]) -> Self {
        for (from, at, blob) in page {
            match decode_record(blob, self.gather.stream().columns.len()) {
                Ok(rows) => self.gather.add_rows(self.window, &rows),
                Err(error) => self.note(&error, *from, *at),
            }
        }
        self
    }

    fn add_sums(mut self, place: &Place, blob: &[u8]) -> Self {
        match Sums::decode(blob, self.gather.stream().columns.len()) {
            Ok(sums) => self.gather.add_sums(&sums),
            Err(error) => self.note(&error, place.first, place.last),
        }
        self
    }

    fn add_columns(mut self, place: &Place, blob: &[u8]) -> Self {
        let (directory, blocks) = match Directory::decode(blob) {
            Ok(opened) => opened,
            Err(error) => {
                self.note(&error, place.first, place.last);
                return self;
            }
        };
        for (block, bytes) in directory.slices(blocks) {
            if !self.gather.wants(block.first_series, block.last_series) {
                continue;
            }
            let columns = self.gather.stream().columns.len();
            let decode = |bytes| Block::decode(bytes, directory.records.len(), columns);
            match bytes.ok_or(CodecError::Truncated).and_then(decode) {
                Ok(block) => self.gather.add_block(self.window, &directory.records, &block),
                Err(error) => self.note(&error, place.first, place.last),
            }
        }
        self
    }

    fn note(&mut self, error: &CodecError, from: i64, to: i64) {
        let stream: &'static Stream = self.gather.stream();
        let database = self.scope.database;
        tracing::warn!(%database, stream = stream.name, from_ms = from, to_ms = to, %error, "stored samples cannot be read");
        let (from, to) = (Timestamp(from), Timestamp(to));
        self.damaged.push(Gap { stream, from, to, reason: GapReason::Damaged });
    }
}

/// A segment as its row describes it.
struct Place {
    id: Uuid,
    first: i64,
    first_end: i64,
    last_start: i64,
    last: i64,
}

/// Decoding is work: it must not hold up the threads that serve.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Decoding(error.to_string()))
}
