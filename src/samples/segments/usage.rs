//! Asks the tables what they hold. No blob is read: sizes stand beside them, or in the head of a row.

use std::path::PathBuf;

use basira_actors::model::{Timestamp, streams};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::disk_usage::room;
use super::read::snapshot;
use crate::samples::entity::segment;
use crate::samples::local::counts;
use crate::samples::usage::{
    StoredResolution, Streams, Usage, add_tails, of_stream, organization, plain_bytes, whole,
};
use crate::samples::{Resolution, Retention, StoreError};

/// What the tables behind `reader` hold, at one moment.
pub(in crate::samples) async fn usage_of(
    reader: &DatabaseConnection,
    retention: Retention,
) -> Result<Usage, StoreError> {
    let snapshot = snapshot(reader).await?;
    let mut streams = Streams::new();
    add_tails(&snapshot, &mut streams).await?;
    for sealed in segments(&snapshot).await? {
        let stream = of_stream(&mut streams, (sealed.database_id, sealed.organization_id, &sealed.stream));
        stream.held.extend(held(&sealed));
    }
    for (database, stream, since) in not_rolled_up(&snapshot).await? {
        if let Some(stream) = streams.get_mut(&(database, stream)) {
            stream.rollup_since = Some(Timestamp(since));
        }
    }
    let (words, entries) = counts(&snapshot).await?;
    let usage = Usage {
        disk_bytes: disk_bytes(&snapshot).await?,
        cap_bytes: retention.max_bytes,
        streams: streams.into_values().collect(),
        words,
        entries,
    };
    snapshot.commit().await?;
    Ok(usage)
}

#[derive(FromQueryResult)]
struct Sealed {
    database_id: Uuid,
    organization_id: Uuid,
    stream: String,
    resolution: i32,
    segments: i64,
    rows: i64,
    bytes: i64,
    first: i64,
    last: i64,
}

async fn segments(snapshot: &DatabaseTransaction) -> Result<Vec<Sealed>, DbErr> {
    use segment::Column;
    segment::Entity::find()
        .select_only()
        .columns([Column::DatabaseId, Column::Stream, Column::Resolution])
        .column_as(organization(snapshot), "organization_id")
        .column_as(Column::LastMs.count(), "segments")
        .column_as(whole(Column::RowCount.sum()), "rows")
        .column_as(whole(Column::SizeBytes.sum()), "bytes")
        .column_as(Column::FirstMs.min(), "first")
        .column_as(Column::LastMs.max(), "last")
        .group_by(Column::DatabaseId)
        .group_by(Column::Stream)
        .group_by(Column::Resolution)
        .order_by_asc(Column::Resolution)
        .into_model()
        .all(snapshot)
        .await
}

/// The oldest end of a segment that no roll-up has yet, by database and stream.
async fn not_rolled_up(snapshot: &DatabaseTransaction) -> Result<Vec<(Uuid, String, i64)>, DbErr> {
    segment::Entity::find()
        .filter(segment::Column::Resolution.eq(Resolution::Raw.millis()))
        .filter(segment::Column::RollupId.is_null())
        .select_only()
        .columns([segment::Column::DatabaseId, segment::Column::Stream])
        .column_as(segment::Column::LastMs.min(), "since")
        .group_by(segment::Column::DatabaseId)
        .group_by(segment::Column::Stream)
        .into_tuple()
        .all(snapshot)
        .await
}

/// Nothing for a resolution that this program does not know.
fn held(sealed: &Sealed) -> Option<StoredResolution> {
    let millis = i64::from(sealed.resolution);
    let resolution = Resolution::ALL.into_iter().find(|resolution| resolution.millis() == millis)?;
    let columns = streams::find(&sealed.stream).map_or(0, |stream| stream.columns.len());
    let rows = sealed.rows.cast_unsigned();
    Some(StoredResolution {
        resolution,
        segments: sealed.segments.cast_unsigned(),
        rows,
        bytes: sealed.bytes.cast_unsigned(),
        plain_bytes: plain_bytes(rows, columns),
        first: Timestamp(sealed.first),
        last: Timestamp(sealed.last),
    })
}

/// SQLite: the file without its free pages, and the log of writes beside it; accounts are in it too, but small.
/// PostgreSQL: the tables of samples with their indexes.
async fn disk_bytes(snapshot: &DatabaseTransaction) -> Result<u64, StoreError> {
    let room = room(snapshot).await?;
    if snapshot.get_database_backend() != DbBackend::Sqlite {
        return Ok(room.file_bytes);
    }
    let file = Statement::from_string(DbBackend::Sqlite, "SELECT file FROM pragma_database_list LIMIT 1");
    let file = match snapshot.query_one_raw(file).await? {
        Some(row) => row.try_get_by_index::<String>(0)?,
        None => return Ok(room.used_bytes),
    };
    // there is no log while nobody writes
    let log = tokio::fs::metadata(PathBuf::from(file + "-wal")).await.map_or(0, |log| log.len());
    Ok(room.used_bytes + log)
}
