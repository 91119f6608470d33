//! Rolls finished days up: the segments of a day, read side by side, become one of minutes and one of hours.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use basira_actors::model::{DatabaseId, Gap, OrganizationId, Stream, Timestamp, streams};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::changes::RollUp;
use super::super::merge::Merge;
use super::super::new_segment::{SegmentIdentity, model, store_blocks};
use super::context::{DAY_MS, HOUR_MS, Maintenance, Pace};
use super::failures::Failures;
use crate::samples::codec::{CodecError, Head};
use crate::samples::entity::{block, segment};
use crate::samples::local::{damaged_gap, off_thread};
use crate::samples::retention::Resolution;
use crate::samples::{DatabaseScope, StoreError};

/// How long after its end a day is rolled up: late records and its last tail are sealed by then.
const LATE_MS: i64 = 2 * HOUR_MS;

/// The segments of one day of one stream that no roll-up has yet.
struct Day {
    scope: DatabaseScope,
    stream: &'static Stream,
    segments: Vec<Uuid>,
    last_ms: i64,
}

/// Rolls up every day that was over at `now`. A failing day does not stop the others.
pub(super) async fn roll_up(maintenance: &Maintenance, now: Timestamp, pace: Pace) -> Result<(), StoreError> {
    let mut failures = Failures::default();
    for day in days(maintenance, now).await? {
        let (database, stream) = (day.scope.database, day.stream.name);
        let rolled_up = roll_up_day(maintenance, day, now, pace).await;
        if let Err(error) = &rolled_up {
            tracing::warn!(%database, stream, %error, "rolling up a day failed");
        }
        failures.note(rolled_up)?;
    }
    failures.finish()
}

async fn days(maintenance: &Maintenance, now: Timestamp) -> Result<Vec<Day>, DbErr> {
    let over = now.as_millis().saturating_sub(LATE_MS).div_euclid(DAY_MS) * DAY_MS;
    let rows: Vec<(Uuid, Uuid, Uuid, String, i64)> = segment::Entity::find()
        .filter(segment::Column::RollupId.is_null())
        .filter(segment::Column::Resolution.eq(Resolution::Raw.millis()))
        .filter(segment::Column::LastMs.lte(over))
        .order_by_asc(segment::Column::LastMs)
        .select_only()
        .columns([
            segment::Column::Id,
            segment::Column::OrganizationId,
            segment::Column::DatabaseId,
            segment::Column::Stream,
            segment::Column::LastMs,
        ])
        .into_tuple()
        .all(&maintenance.local.reader)
        .await?;
    let mut days = BTreeMap::new();
    for (id, organization, database, stream, last_ms) in rows {
        let Some(stream) = streams::find(&stream) else { continue };
        let scope =
            DatabaseScope { organization: OrganizationId(organization), database: DatabaseId(database) };
        let number = last_ms.saturating_sub(1).div_euclid(DAY_MS);
        let empty = || Day { scope, stream, segments: Vec::new(), last_ms };
        let day = days.entry((number, database, stream.name)).or_insert_with(empty);
        day.segments.push(id);
        day.last_ms = day.last_ms.max(last_ms);
    }
    Ok(days.into_values().collect())
}

async fn roll_up_day(
    maintenance: &Maintenance,
    day: Day,
    now: Timestamp,
    pace: Pace,
) -> Result<(), StoreError> {
    let (database, stream) = (day.scope.database, day.stream);
    let mut damaged = Vec::new();
    let (ids, mut merge) = start(maintenance, &day, &mut damaged).await?;
    for range in merge.ranges() {
        let started = Instant::now();
        let blocks = blocks(maintenance, &ids, &merge, range).await?;
        let unreadable;
        (merge, unreadable) = off_thread(move || {
            let outcome = merge.add(range, &blocks);
            (merge, outcome)
        })
        .await?;
        for (from, to, error) in unreadable.map_err(encoding)? {
            damaged.push(damaged_gap(database, stream, (from, to), &error));
        }
        pace.pause(started.elapsed()).await;
    }
    let started = Instant::now();
    let merged = off_thread(move || merge.finish()).await?.map_err(encoding)?;
    pace.pause(started.elapsed()).await;
    let id = Uuid::now_v7();
    let mut made = Vec::new();
    for (resolution, segment) in merged.segments {
        let what = SegmentIdentity { scope: day.scope, stream, resolution, rollup: Some(id) };
        let stored = store_blocks(&maintenance.local.writer, &segment, now).await?;
        made.push(model(stored, what, segment));
    }
    let change = RollUp {
        scope: day.scope,
        stream,
        id,
        of: day.segments,
        made,
        damaged,
        series: merged.series,
        words: merged.words,
        seen_ms: day.last_ms,
    };
    if !maintenance.local.writer.change(change).await? {
        tracing::info!(%database, stream = stream.name, "a day changed while it was rolled up; it is tried again");
    }
    Ok(())
}

/// The merge of a day, and which segment each of its pieces is.
async fn start(
    maintenance: &Maintenance,
    day: &Day,
    damaged: &mut Vec<Gap>,
) -> Result<(Vec<Uuid>, Merge), StoreError> {
    let (mut ids, mut heads) = (Vec::new(), Vec::new());
    for &id in &day.segments {
        let Some(row) = segment::Entity::find_by_id(id)
            .select_only()
            .columns([segment::Column::FirstMs, segment::Column::LastMs, segment::Column::Head])
            .into_tuple::<(i64, i64, Vec<u8>)>()
            .one(&maintenance.local.reader)
            .await?
        else {
            continue;
        };
        match Head::decode(&row.2) {
            Ok(head) => {
                ids.push(id);
                heads.push(head);
            }
            Err(error) => damaged.push(damaged_gap(day.scope.database, day.stream, (row.0, row.1), &error)),
        }
    }
    Ok((ids, Merge::new(day.stream, heads)))
}

async fn blocks(
    maintenance: &Maintenance,
    ids: &[Uuid],
    merge: &Merge,
    range: (u64, u64),
) -> Result<HashMap<(usize, usize), Vec<u8>>, DbErr> {
    let mut blocks = HashMap::new();
    for (piece, &id) in ids.iter().enumerate() {
        let numbers = merge.blocks(piece, range);
        let (first, last) = (numbers.start, numbers.end);
        if first == last {
            continue;
        }
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let rows: Vec<(i32, Vec<u8>)> = block::Entity::find()
            .filter(block::Column::SegmentId.eq(id))
            .filter(block::Column::Number.gte(number(first)))
            .filter(block::Column::Number.lt(number(last)))
            .select_only()
            .columns([block::Column::Number, block::Column::Data])
            .into_tuple()
            .all(&maintenance.local.reader)
            .await?;
        for (number, data) in rows {
            blocks.insert((piece, usize::try_from(number).unwrap_or_default()), data);
        }
        // a missing block is decoded as an empty one, which is an error
        for number in first..last {
            blocks.entry((piece, number)).or_default();
        }
    }
    Ok(blocks)
}

fn encoding(error: CodecError) -> StoreError {
    StoreError::Encoding(error.to_string())
}
