//! Whether a record is sealed already.

use basira_actors::model::Stream;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};

use crate::samples::DatabaseScope;
use crate::samples::codec::Head;
use crate::samples::entity::segment;
use crate::samples::retention::Resolution;

/// The segments of one stream, at all resolutions.
pub(in crate::samples) fn segments_of(scope: DatabaseScope, stream: &Stream) -> Select<segment::Entity> {
    segment::Entity::find()
        .filter(segment::Column::DatabaseId.eq(scope.database.0))
        .filter(segment::Column::OrganizationId.eq(scope.organization.0))
        .filter(segment::Column::Stream.eq(stream.name))
        // named, so that the index by time serves all that follows
        .filter(segment::Column::Resolution.is_in(Resolution::ALL.map(Resolution::millis)))
}

/// The end of the newest sealed record.
pub(super) async fn until<C: ConnectionTrait>(
    connection: &C,
    scope: DatabaseScope,
    stream: &Stream,
) -> Result<Option<i64>, DbErr> {
    let newest = segments_of(scope, stream).select_only().column_as(segment::Column::LastMs.max(), "last_ms");
    Ok(newest.into_tuple::<Option<i64>>().one(connection).await?.flatten())
}

/// Whether a record that ends at `at_ms` is sealed. Reads heads only, and only for a record that is late or repeated.
pub(super) async fn contains<C: ConnectionTrait>(
    connection: &C,
    scope: DatabaseScope,
    stream: &Stream,
    at_ms: i64,
) -> Result<bool, DbErr> {
    // the head of a roll-up lists all records that it was made of, and is kept longer than they are
    let around = segments_of(scope, stream)
        .filter(segment::Column::FirstEndMs.lte(at_ms))
        .filter(segment::Column::LastMs.gte(at_ms))
        .select_only()
        .column(segment::Column::Head);
    let heads: Vec<Vec<u8>> = around.into_tuple().all(connection).await?;
    // a damaged segment is reported by the next read
    let has =
        |head: &Vec<u8>| Head::decode(head).is_ok_and(|head| head.records.iter().any(|&(_, at)| at == at_ms));
    Ok(heads.iter().any(has))
}
