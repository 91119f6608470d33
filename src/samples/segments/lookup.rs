//! Finds segments by the columns of their rows, without reading a blob.

use std::collections::HashMap;

use basira_actors::model::Stream;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::plan::SegmentRef;
use crate::samples::entity::segment;
use crate::samples::local::segments_of;
use crate::samples::{DatabaseScope, Resolution, Window};

type PlaceRow = (Uuid, i32, Option<Uuid>, i64, i64, i64);

/// Runs `query` for the columns of a [`SegmentRef`].
pub(super) async fn places<C: ConnectionTrait>(
    connection: &C,
    query: Select<segment::Entity>,
) -> Result<Vec<SegmentRef>, DbErr> {
    let columns = [
        segment::Column::Id,
        segment::Column::Resolution,
        segment::Column::RollupId,
        segment::Column::FirstMs,
        segment::Column::FirstEndMs,
        segment::Column::LastMs,
    ];
    let rows: Vec<PlaceRow> = query.select_only().columns(columns).into_tuple().all(connection).await?;
    let place = |(id, resolution, rollup, first, first_end, last): PlaceRow| SegmentRef {
        id,
        resolution_ms: resolution.into(),
        rollup,
        first,
        first_end,
        last,
    };
    Ok(rows.into_iter().map(place).collect())
}

/// The segments that may have a record in `window`, oldest first.
pub(super) async fn overlapping<C: ConnectionTrait>(
    connection: &C,
    scope: DatabaseScope,
    stream: &Stream,
    window: Window,
) -> Result<Vec<SegmentRef>, DbErr> {
    places(connection, in_window(scope, stream, window).order_by_asc(segment::Column::LastMs)).await
}

fn in_window(scope: DatabaseScope, stream: &Stream, window: Window) -> Select<segment::Entity> {
    segments_of(scope, stream)
        .filter(segment::Column::LastMs.gt(window.since.as_millis()))
        .filter(segment::Column::FirstEndMs.lte(window.until.as_millis()))
}

/// The coarsest of the resolutions in which the roll-ups of `window` are kept.
pub(super) async fn coarsest<C: ConnectionTrait>(
    connection: &C,
    scope: DatabaseScope,
    stream: &Stream,
    window: Window,
) -> Result<Resolution, DbErr> {
    let rollups: Vec<Uuid> = in_window(scope, stream, window)
        .filter(segment::Column::RollupId.is_not_null())
        .select_only()
        .column(segment::Column::RollupId)
        .distinct()
        .into_tuple()
        .all(connection)
        .await?;
    let finest = finest(connection, &rollups).await?;
    let coarsest_ms = finest.into_values().max().unwrap_or_default();
    Ok(Resolution::ALL
        .into_iter()
        .find(|resolution| resolution.millis() >= coarsest_ms)
        .unwrap_or(Resolution::Hour))
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
