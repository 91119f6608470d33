//! What a store holds, and how much space it takes.

use std::collections::BTreeMap;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QuerySelect};
use uuid::Uuid;

use super::Resolution;
use super::entity::tail;

/// All of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// DiskUsage taken on disk by samples and what belongs to them.
    pub disk_bytes: u64,
    pub cap_bytes: Option<u64>,
    /// By database, then stream.
    pub streams: Vec<StreamUsage>,
    /// The numbers of texts and of series with labels.
    pub words: u64,
    pub entries: u64,
}

/// One stream of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamUsage {
    pub organization: OrganizationId,
    pub database: DatabaseId,
    pub stream: String,
    /// Records that are durable but not sealed yet, and the end of the oldest.
    pub tail_records: u64,
    pub tail_bytes: u64,
    pub tail_since: Option<Timestamp>,
    /// The oldest end among sealed records that no roll-up has yet.
    pub rollup_since: Option<Timestamp>,
    /// One per resolution that has anything.
    pub held: Vec<StoredResolution>,
}

/// What one resolution of a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredResolution {
    pub resolution: Resolution,
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
    /// The same rows as plain 64-bit integers: `rows` x (columns + series + time).
    pub plain_bytes: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// `rows` as plain integers: a series, a time, and the columns, 64 bits each.
pub(super) const fn plain_bytes(rows: u64, columns: usize) -> u64 {
    rows * (columns as u64 + 2) * 8
}

/// By database, then stream.
pub(super) type Streams = BTreeMap<(Uuid, String), StreamUsage>;

/// The usage of a stream; a new one is empty.
pub(super) fn of_stream<'a>(
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

/// Adds what the tail behind `connection` has.
pub(super) async fn add_tails<C: ConnectionTrait>(
    connection: &C,
    streams: &mut Streams,
) -> Result<(), DbErr> {
    for tail in tails(connection).await? {
        let stream = of_stream(streams, (tail.database_id, tail.organization_id, &tail.stream));
        stream.tail_records = tail.records.cast_unsigned();
        stream.tail_bytes = tail.bytes.cast_unsigned();
        stream.tail_since = Some(Timestamp(tail.since));
    }
    Ok(())
}

async fn tails<C: ConnectionTrait>(connection: &C) -> Result<Vec<Tail>, DbErr> {
    // stands in the head of a row
    let length = match connection.get_database_backend() {
        DbBackend::Sqlite => "length",
        _ => "octet_length",
    };
    let bytes = Expr::from(Func::cust(length).arg(Expr::col(tail::Column::Record))).sum();
    tail::Entity::find()
        .select_only()
        .columns([tail::Column::DatabaseId, tail::Column::Stream])
        .column_as(organization(connection), "organization_id")
        .column_as(tail::Column::AtMs.count(), "records")
        .column_as(whole(bytes), "bytes")
        .column_as(tail::Column::AtMs.min(), "since")
        .group_by(tail::Column::DatabaseId)
        .group_by(tail::Column::Stream)
        .into_model()
        .all(connection)
        .await
}

/// The organization of a group of rows. Grouping by it would leave the order of the index, and sort whole rows.
pub(super) fn organization<C: ConnectionTrait>(connection: &C) -> Expr {
    Expr::cust(match connection.get_database_backend() {
        DbBackend::Sqlite => "min(organization_id)",
        // PostgreSQL before 18 has no min(uuid)
        _ => "min(organization_id::text)::uuid",
    })
}

/// PostgreSQL sums 64-bit numbers to a numeric.
pub(super) fn whole(sum: Expr) -> Expr {
    sum.cast_as("bigint")
}
