//! The segments that are there, by what their rows say: no blob is opened but for the head of a segment in doubt.

use std::collections::HashMap;

use basira_actors::model::Stream;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::codec::Head;
use super::entity::segment;
use super::plan::Place;
use super::retention::Resolution;
use super::{Scope, Window};

/// The segments of one stream, at all resolutions.
pub(super) fn of(scope: Scope, stream: &Stream) -> Select<segment::Entity> {
    segment::Entity::find()
        .filter(segment::Column::DatabaseId.eq(scope.database.0))
        .filter(segment::Column::OrganizationId.eq(scope.organization.0))
        .filter(segment::Column::Stream.eq(stream.name))
        // named, so that the index by time serves all that follows
        .filter(segment::Column::Resolution.is_in(Resolution::ALL.map(Resolution::millis)))
}

type PlaceRow = (Uuid, i32, Option<Uuid>, i64, i64, i64, i64);

/// Runs `query` for what places say.
pub(super) async fn places<C: ConnectionTrait>(
    connection: &C,
    query: Select<segment::Entity>,
) -> Result<Vec<Place>, DbErr> {
    let columns = [
        segment::Column::Id,
        segment::Column::Resolution,
        segment::Column::RollupId,
        segment::Column::FirstMs,
        segment::Column::FirstEndMs,
        segment::Column::LastStartMs,
        segment::Column::LastMs,
    ];
    let rows: Vec<PlaceRow> = query.select_only().columns(columns).into_tuple().all(connection).await?;
    let place = |(id, resolution, rollup, first, first_end, last_start, last): PlaceRow| Place {
        id,
        resolution_ms: resolution.into(),
        rollup,
        first,
        first_end,
        last_start,
        last,
    };
    Ok(rows.into_iter().map(place).collect())
}

/// All that may have a record in `window`, oldest first.
pub(super) async fn overlapping<C: ConnectionTrait>(
    connection: &C,
    scope: Scope,
    stream: &Stream,
    window: Window,
) -> Result<Vec<Place>, DbErr> {
    let query = of(scope, stream)
        .filter(segment::Column::LastMs.gt(window.since.as_millis()))
        .filter(segment::Column::FirstMs.lt(window.until.as_millis()))
        .order_by_asc(segment::Column::LastMs);
    places(connection, query).await
}

/// The finest resolution in milliseconds that is kept of each of `rollups`.
pub(super) async fn finest<C: ConnectionTrait>(
    connection: &C,
    rollups: &[Uuid],
) -> Result<HashMap<Uuid, i64>, DbErr> {
    if rollups.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, i32)> = segment::Entity::find()
        .filter(segment::Column::RollupId.is_in(rollups.iter().copied()))
        .select_only()
        .column(segment::Column::RollupId)
        .column_as(segment::Column::Resolution.min(), "finest")
        .group_by(segment::Column::RollupId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|(rollup, finest)| (rollup, finest.into())).collect())
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

/// Whether a record that ends at `at_ms` is sealed. Opens heads only; asked when a record comes late or twice.
pub(super) async fn contains<C: ConnectionTrait>(
    connection: &C,
    scope: Scope,
    stream: &Stream,
    at_ms: i64,
) -> Result<bool, DbErr> {
    // a roll-up knows all the records that it was made of, and outlives them
    let around = of(scope, stream)
        .filter(segment::Column::FirstEndMs.lte(at_ms))
        .filter(segment::Column::LastMs.gte(at_ms))
        .select_only()
        .column(segment::Column::Head);
    let heads: Vec<Vec<u8>> = around.into_tuple().all(connection).await?;
    // a damaged segment is reported by whoever reads it
    let has =
        |head: &Vec<u8>| Head::decode(head).is_ok_and(|head| head.records.iter().any(|&(_, at)| at == at_ms));
    Ok(heads.iter().any(has))
}
