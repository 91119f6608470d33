//! The newest sample of the local tables.

use basira_actors::model::streams::{EVENTS, HEALTH};
use basira_actors::model::{DatabaseId, Stream, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::samples::entity::{gap, segment, tail};

/// The segments last: what moves from the tail into a segment meanwhile is then seen at least once.
pub(in crate::samples) async fn newest(
    reader: &DatabaseConnection,
    database: DatabaseId,
    stream: &Stream,
) -> Result<Option<Timestamp>, DbErr> {
    let mut newest = None;
    macro_rules! newest_of {
        ($($table:ident . $column:ident),*) => {$(
            let of_table = $table::Entity::find()
                .filter($table::Column::DatabaseId.eq(database.0))
                .filter($table::Column::Stream.eq(stream.name))
                .select_only()
                .column_as($table::Column::$column.max(), "newest");
            newest = newest.max(of_table.into_tuple::<Option<i64>>().one(reader).await?.flatten());
        )*};
    }
    newest_of!(tail.AtMs, gap.ToMs, segment.LastMs);
    Ok(newest.map(Timestamp))
}

/// The end of the newest sample by the clocks of the servers that are watched: our own stamped the others.
pub(in crate::samples) async fn newest_sample(
    reader: &DatabaseConnection,
) -> Result<Option<Timestamp>, DbErr> {
    let own = [EVENTS.name, HEALTH.name];
    let mut newest = None;
    macro_rules! newest_of {
        ($($table:ident . $column:ident),*) => {$(
            let of_table = $table::Entity::find()
                .filter($table::Column::Stream.is_not_in(own))
                .select_only()
                .column_as($table::Column::$column.max(), "newest");
            newest = newest.max(of_table.into_tuple::<Option<i64>>().one(reader).await?.flatten());
        )*};
    }
    newest_of!(tail.AtMs, segment.LastMs);
    Ok(newest.map(Timestamp))
}
