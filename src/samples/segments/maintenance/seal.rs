//! Turns finished hours of the tail into segments.

use basira_actors::model::{DatabaseId, Gap, OrganizationId, Stream, Timestamp, streams};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::build::build;
use super::super::changes::Seal;
use super::super::new_segment::{SegmentIdentity, model, store_blocks};
use super::super::write::Segment;
use super::context::{HOUR_MS, Maintenance};
use super::failures::Failures;
use crate::samples::codec::CodecError;
use crate::samples::entity::tail;
use crate::samples::local::{Local, WriterHandle, decode_or_gap, off_thread};
use crate::samples::retention::Resolution;
use crate::samples::{DatabaseScope, StoreError};

/// The records of a segment at most; a longer tail is sealed before its hour ends.
const MAX_RECORDS: u64 = 720;
/// A stream that stopped is sealed by our own clock, this long after its hour.
const STOPPED_MS: i64 = HOUR_MS;

/// The tail of a stream, as the index describes it.
struct Tail {
    database: DatabaseId,
    stream: &'static Stream,
    newest_ms: i64,
    records: u64,
}

/// Seals every hour that is over. Returns the number of new segments. A failing stream does not stop the others.
pub(super) async fn seal(maintenance: &Maintenance, now: Timestamp) -> Result<usize, StoreError> {
    let Local { reader, writer, .. } = &*maintenance.local;
    let (mut made, mut failures) = (0, Failures::default());
    for tail in tails(reader).await? {
        let sealed = seal_tail(reader, writer, &tail, now).await;
        if let Err(error) = &sealed {
            tracing::warn!(database = %tail.database, stream = tail.stream.name, %error, "sealing failed");
        }
        failures.note(sealed.map(|segments| made += segments))?;
    }
    failures.finish()?;
    Ok(made)
}

async fn tails(reader: &DatabaseConnection) -> Result<Vec<Tail>, DbErr> {
    // only columns of the key: the index answers this without the blobs
    let all: Vec<(Uuid, String, i64, i64)> = tail::Entity::find()
        .select_only()
        .columns([tail::Column::DatabaseId, tail::Column::Stream])
        .column_as(tail::Column::AtMs.max(), "newest")
        .column_as(tail::Column::AtMs.count(), "records")
        .group_by(tail::Column::DatabaseId)
        .group_by(tail::Column::Stream)
        .into_tuple()
        .all(reader)
        .await?;
    let known = |(database, stream, newest_ms, records): (Uuid, String, i64, i64)| {
        let stream = streams::find(&stream)?;
        Some(Tail { database: DatabaseId(database), stream, newest_ms, records: records.cast_unsigned() })
    };
    Ok(all.into_iter().filter_map(known).collect())
}

async fn seal_tail(
    reader: &DatabaseConnection,
    writer: &WriterHandle,
    tail: &Tail,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let now_ms = now.as_millis();
    // records carry the time of the target's clock, unless that runs ahead of ours or has stopped
    let clock = tail.newest_ms.max(now_ms.saturating_sub(STOPPED_MS)).min(now_ms);
    let over = clock.div_euclid(HOUR_MS) * HOUR_MS;
    let mut left = tail.records;
    let mut made = 0;
    while let Some(oldest_ms) = oldest(reader, tail).await? {
        let end_ms = hour_end(oldest_ms);
        if end_ms > over && left <= MAX_RECORDS {
            break;
        }
        let piece = load(reader, tail, end_ms).await?;
        left = left.saturating_sub(piece.len() as u64);
        let (database, stream) = (tail.database, tail.stream);
        let built = off_thread(move || Built::new(database, stream, piece)).await?;
        let Some(built) = built.map_err(|error| StoreError::Encoding(error.to_string()))? else { break };
        if !built.store(writer, now).await? {
            break;
        }
        made += 1;
    }
    Ok(made)
}

async fn oldest(reader: &DatabaseConnection, tail: &Tail) -> Result<Option<i64>, DbErr> {
    let oldest = of(tail).select_only().column_as(tail::Column::AtMs.min(), "oldest");
    Ok(oldest.into_tuple::<Option<i64>>().one(reader).await?.flatten())
}

async fn load(reader: &DatabaseConnection, tail: &Tail, end_ms: i64) -> Result<Vec<tail::Model>, DbErr> {
    of(tail)
        .filter(tail::Column::AtMs.lte(end_ms))
        .order_by_asc(tail::Column::AtMs)
        .limit(MAX_RECORDS)
        .all(reader)
        .await
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
struct Built {
    scope: DatabaseScope,
    stream: &'static Stream,
    tail_ms: (i64, i64),
    tail_rows: u64,
    /// None when not one record could be read.
    segment: Option<Segment>,
    damaged: Vec<Gap>,
}

impl Built {
    /// None when there is no tail.
    fn new(
        database: DatabaseId,
        stream: &'static Stream,
        tail: Vec<tail::Model>,
    ) -> Result<Option<Self>, CodecError> {
        let (Some(first), Some(last)) = (tail.first(), tail.last()) else { return Ok(None) };
        let scope = DatabaseScope { organization: OrganizationId(first.organization_id), database };
        let (tail_ms, tail_rows) = ((first.at_ms, last.at_ms), tail.len() as u64);
        let mut damaged = Vec::new();
        let mut blobs = Vec::with_capacity(tail.len());
        for row in tail {
            match decode_or_gap(database, stream, (row.from_ms, row.at_ms), &row.record) {
                Ok(_) => blobs.push(row.record),
                Err(gap) => damaged.push(gap),
            }
        }
        let segment = if blobs.is_empty() { None } else { Some(build(stream, &blobs)?) };
        Ok(Some(Self { scope, stream, tail_ms, tail_rows, segment, damaged }))
    }

    /// Stores the blocks, then replaces the tail by the segment; false when the tail changed since it was read.
    async fn store(self, writer: &WriterHandle, now: Timestamp) -> Result<bool, StoreError> {
        let Self { scope, stream, tail_ms, tail_rows, segment, damaged } = self;
        let segment = match segment {
            Some(segment) => {
                let what = SegmentIdentity { scope, stream, resolution: Resolution::Raw, rollup: None };
                let id = store_blocks(writer, &segment, now).await?;
                Some(model(id, what, segment))
            }
            None => None,
        };
        writer.change(Seal { scope, stream, tail_ms, tail_rows, segment, damaged }).await
    }
}
