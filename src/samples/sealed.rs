//! What the writer must know of the segments that are there.

use basira_actors::model::Stream;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};

use super::Scope;
use super::codec::Directory;
use super::entity::segment;

/// The resolution of segments that hold every record as it came.
pub(super) const RAW: i32 = 0;

/// The segments of one stream.
pub(super) fn of(scope: Scope, stream: &Stream) -> Select<segment::Entity> {
    segment::Entity::find()
        .filter(segment::Column::DatabaseId.eq(scope.database.0))
        .filter(segment::Column::OrganizationId.eq(scope.organization.0))
        .filter(segment::Column::Stream.eq(stream.name))
        .filter(segment::Column::Resolution.eq(RAW))
}

/// The end of the newest sealed record.
pub(super) async fn until<C: ConnectionTrait>(
    connection: &C,
    scope: Scope,
    stream: &Stream,
) -> Result<Option<i64>, DbErr> {
    let newest = of(scope, stream).select_only().column_as(segment::Column::LastMs.max(), "last_ms");
    Ok(newest.into_tuple::<Option<i64>>().one(connection).await?.flatten())
}

/// Whether a record that ends at `at_ms` is sealed. Opens directories only; asked when a record comes late or twice.
pub(super) async fn contains<C: ConnectionTrait>(
    connection: &C,
    scope: Scope,
    stream: &Stream,
    at_ms: i64,
) -> Result<bool, DbErr> {
    let around = of(scope, stream)
        .filter(segment::Column::FirstEndMs.lte(at_ms))
        .filter(segment::Column::LastMs.gte(at_ms))
        .select_only()
        .column(segment::Column::Columns);
    let blobs: Vec<Vec<u8>> = around.into_tuple().all(connection).await?;
    let has = |blob: &Vec<u8>| {
        // a damaged segment is reported by whoever reads it
        Directory::decode(blob)
            .is_ok_and(|(directory, _)| directory.records.iter().any(|&(_, at)| at == at_ms))
    };
    Ok(blobs.iter().any(has))
}
