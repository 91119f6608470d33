//! Asks the tables what they hold. No blob is read: sizes stand beside them, or in the head of a row.

use std::collections::BTreeMap;
use std::path::PathBuf;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp, streams};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::{Held, StreamUsage, Usage};
use crate::samples::entity::{entry, segment, tail, word};
use crate::samples::read::snapshot;
use crate::samples::room::room;
use crate::samples::{Resolution, Retention, StoreError};

/// A series, a time, and the columns: 64 bits each.
const VALUE_BYTES: u64 = 8;

/// What the tables behind `reader` hold, at one moment.
pub(in crate::samples) async fn of(
    reader: &DatabaseConnection,
    retention: Retention,
) -> Result<Usage, StoreError> {
    let snapshot = snapshot(reader).await?;
    let mut streams = BTreeMap::new();
    for tail in tails(&snapshot).await? {
        let stream = of_stream(&mut streams, (tail.database_id, tail.organization_id, &tail.stream));
        stream.tail_records = tail.records.cast_unsigned();
        stream.tail_bytes = tail.bytes.cast_unsigned();
        stream.tail_since = Some(Timestamp(tail.since));
    }
    for sealed in segments(&snapshot).await? {
        let stream = of_stream(&mut streams, (sealed.database_id, sealed.organization_id, &sealed.stream));
        stream.held.extend(held(&sealed));
    }
    for (database, stream, since) in not_rolled_up(&snapshot).await? {
        if let Some(stream) = streams.get_mut(&(database, stream)) {
            stream.rollup_since = Some(Timestamp(since));
        }
    }
    let usage = Usage {
        disk_bytes: disk_bytes(&snapshot).await?,
        cap_bytes: retention.max_bytes,
        streams: streams.into_values().collect(),
        words: word::Entity::find().count(&snapshot).await?,
        entries: entry::Entity::find().count(&snapshot).await?,
    };
    snapshot.commit().await?;
    Ok(usage)
}

type Streams = BTreeMap<(Uuid, String), StreamUsage>;

fn of_stream<'a>(
    streams: &'a mut Streams,
    (database, organization, stream): (Uuid, Uuid, &str),
) -> &'a mut StreamUsage {
    streams.entry((database, stream.to_owned())).or_insert_with(|| StreamUsage {
        organization: OrganizationId(organization),
        database: DatabaseId(database),
        stream: stream.to_owned(),
        tail_records: 0,
        tail_bytes: 0,
        tail_since: None,
        rollup_since: None,
        held: Vec::new(),
    })
}

#[derive(FromQueryResult)]
struct Tail {
    database_id: Uuid,
    organization_id: Uuid,
    stream: String,
    records: i64,
    bytes: i64,
    since: i64,
}

async fn tails(snapshot: &DatabaseTransaction) -> Result<Vec<Tail>, DbErr> {
    // stands in the head of a row
    let length = match snapshot.get_database_backend() {
        DbBackend::Sqlite => "length",
        _ => "octet_length",
    };
    let bytes = Expr::from(Func::cust(length).arg(Expr::col(tail::Column::Record))).sum();
    tail::Entity::find()
        .select_only()
        .columns([tail::Column::DatabaseId, tail::Column::Stream])
        .column_as(organization(snapshot), "organization_id")
        .column_as(tail::Column::AtMs.count(), "records")
        .column_as(whole(bytes), "bytes")
        .column_as(tail::Column::AtMs.min(), "since")
        .group_by(tail::Column::DatabaseId)
        .group_by(tail::Column::Stream)
        .into_model()
        .all(snapshot)
        .await
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

/// The one of a database. Grouping by it would leave the order of the index, and sort whole rows.
fn organization(snapshot: &DatabaseTransaction) -> Expr {
    Expr::cust(match snapshot.get_database_backend() {
        DbBackend::Sqlite => "min(organization_id)",
        // older versions know no least uuid
        _ => "min(organization_id::text)::uuid",
    })
}

/// PostgreSQL sums 64-bit numbers to a numeric.
fn whole(sum: Expr) -> Expr {
    sum.cast_as("bigint")
}

/// Nothing for a resolution that this program does not know.
fn held(sealed: &Sealed) -> Option<Held> {
    let millis = i64::from(sealed.resolution);
    let resolution = Resolution::ALL.into_iter().find(|resolution| resolution.millis() == millis)?;
    let columns = streams::find(&sealed.stream).map_or(0, |stream| stream.columns.len() as u64);
    let rows = sealed.rows.cast_unsigned();
    Some(Held {
        resolution,
        segments: sealed.segments.cast_unsigned(),
        rows,
        bytes: sealed.bytes.cast_unsigned(),
        plain_bytes: rows * (columns + 2) * VALUE_BYTES,
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
