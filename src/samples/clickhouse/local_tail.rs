//! What of a window is still in the local tail.

use basira_actors::model::{Gap, GapReason, Stream, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::sum::Sum;
use crate::samples::codec::decode_record;
use crate::samples::entity::tail;
use crate::samples::local::off_thread;
use crate::samples::{DatabaseScope, StoreError, Window};

/// Records read at a time.
const PAGE: u64 = 64;

/// The records of the tail that were summed. Whatever moves meanwhile is either among them or already on the server.
pub(super) struct Counted {
    pub(super) sum: Sum,
    /// The ends of the records, ascending: on the server these must be left out.
    pub(super) ends: Vec<i64>,
    /// What could not be read.
    pub(super) damaged: Vec<Gap>,
}

/// Adds the records of `window` in the tail to `sum`.
pub(super) async fn count(
    reader: &DatabaseConnection,
    scope: DatabaseScope,
    window: Window,
    sum: Sum,
) -> Result<Counted, StoreError> {
    let mut counted = Counted { sum, ends: Vec::new(), damaged: Vec::new() };
    let mut after = window.since.as_millis();
    loop {
        let page = page(reader, scope, counted.sum.stream, window, after).await?;
        let Some(last) = page.last() else { return Ok(counted) };
        after = last.1;
        counted = off_thread(move || counted.add(window, &page)).await?;
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
        .filter(tail::Column::FromMs.lt(window.until.as_millis()))
        .order_by_asc(tail::Column::AtMs)
        .limit(PAGE)
        .select_only()
        .columns([tail::Column::FromMs, tail::Column::AtMs, tail::Column::Record])
        .into_tuple()
        .all(reader)
        .await
}

impl Counted {
    fn add(mut self, window: Window, page: &[(i64, i64, Vec<u8>)]) -> Self {
        let stream = self.sum.stream;
        for (from, at, blob) in page {
            self.ends.push(*at);
            match decode_record(blob, stream.columns.len()) {
                Ok(rows) => self.sum.add_record(window, &rows),
                Err(error) => {
                    tracing::warn!(stream = stream.name, at_ms = at, %error, "a stored record cannot be read");
                    let (from, to) = (Timestamp(*from), Timestamp(*at));
                    self.damaged.push(Gap { stream, from, to, reason: GapReason::Damaged });
                }
            }
        }
        self
    }
}
