//! The newest samples of the local tables.

use basira_actors::model::streams::{EVENTS, HEALTH};
use basira_actors::model::{DatabaseId, Stream, Timestamp};
use sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::tables::Local;
use crate::samples::entity::{gap, segment, tail};

/// The streams whose records have a time of our own clock.
pub(in crate::samples) const OWN_CLOCK: [&str; 2] = [EVENTS.name, HEALTH.name];

/// The largest `end` of the rows of `E` that match `filter`.
pub(in crate::samples) async fn newest_end<E: EntityTrait>(
    reader: &DatabaseConnection,
    end: E::Column,
    filter: SimpleExpr,
) -> Result<Option<Timestamp>, DbErr> {
    let newest = E::find().filter(filter).select_only().column_as(end.max(), "newest");
    Ok(newest.into_tuple::<Option<i64>>().one(reader).await?.flatten().map(Timestamp))
}

impl Local {
    /// The end of the newest record in the tail, or gap, of `stream`.
    pub(in crate::samples) async fn newest(
        &self,
        database: DatabaseId,
        stream: &Stream,
    ) -> Result<Option<Timestamp>, DbErr> {
        let in_tail = tail::Column::DatabaseId.eq(database.0).and(tail::Column::Stream.eq(stream.name));
        let in_gaps = gap::Column::DatabaseId.eq(database.0).and(gap::Column::Stream.eq(stream.name));
        let record = newest_end::<tail::Entity>(&self.reader, tail::Column::AtMs, in_tail).await?;
        Ok(record.max(newest_end::<gap::Entity>(&self.reader, gap::Column::ToMs, in_gaps).await?))
    }

    /// The end of the newest sample, by the clocks of the monitored servers.
    pub(in crate::samples) async fn newest_sample(&self) -> Result<Option<Timestamp>, DbErr> {
        let in_tail = tail::Column::Stream.is_not_in(OWN_CLOCK);
        let sealed = segment::Column::Stream.is_not_in(OWN_CLOCK);
        let record = newest_end::<tail::Entity>(&self.reader, tail::Column::AtMs, in_tail).await?;
        Ok(record.max(newest_end::<segment::Entity>(&self.reader, segment::Column::LastMs, sealed).await?))
    }
}
