//! Sums the records of a window that are in the local tail.

use basira_actors::model::{Gap, Stream};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::samples::aggregate::{Accumulator, CompactRecord};
use crate::samples::entity::tail;
use crate::samples::local::{decode_or_gap, off_thread};
use crate::samples::{DatabaseScope, StoreError, Window};

/// Records read at a time.
const PAGE: u64 = 64;

/// The sum of the tail. A record that is shipped meanwhile is either in it or on the server.
pub(super) struct SummedTail<A> {
    pub(super) accumulator: A,
    /// The ends of the summed records, ascending, which the query to the server excludes.
    pub(super) ends: Vec<i64>,
    /// The spans of the records that cannot be decoded.
    pub(super) damaged: Vec<Gap>,
}

/// Adds the records of `window` in the tail to `accumulator`.
pub(super) async fn sum<A: Accumulator>(
    reader: &DatabaseConnection,
    scope: DatabaseScope,
    window: Window,
    accumulator: A,
) -> Result<SummedTail<A>, StoreError> {
    let mut summed = SummedTail { accumulator, ends: Vec::new(), damaged: Vec::new() };
    let mut after = window.since.as_millis();
    loop {
        let page = page(reader, scope, summed.accumulator.stream(), window, after).await?;
        let Some(last) = page.last() else { return Ok(summed) };
        after = last.1;
        summed = off_thread(move || summed.add(scope, window, &page)).await?;
    }
}

async fn page(
    reader: &DatabaseConnection,
    scope: DatabaseScope,
    stream: &Stream,
    window: Window,
    after: i64,
) -> Result<Vec<(i64, i64, Vec<u8>)>, DbErr> {
    tail::Entity::find()
        .filter(tail::Column::DatabaseId.eq(scope.database.0))
        .filter(tail::Column::OrganizationId.eq(scope.organization.0))
        .filter(tail::Column::Stream.eq(stream.name))
        .filter(tail::Column::AtMs.gt(after))
        .filter(tail::Column::AtMs.lte(window.until.as_millis()))
        .order_by_asc(tail::Column::AtMs)
        .limit(PAGE)
        .select_only()
        .columns([tail::Column::FromMs, tail::Column::AtMs, tail::Column::Record])
        .into_tuple()
        .all(reader)
        .await
}

impl<A: Accumulator> SummedTail<A> {
    fn add(mut self, scope: DatabaseScope, window: Window, page: &[(i64, i64, Vec<u8>)]) -> Self {
        let stream = self.accumulator.stream();
        for (from, at, record) in page {
            self.ends.push(*at);
            match decode_or_gap(scope.database, stream, (*from, *at), record) {
                Ok(rows) => self.accumulator.add_record(window, &CompactRecord::new(rows)),
                Err(gap) => self.damaged.push(gap),
            }
        }
        self
    }
}
