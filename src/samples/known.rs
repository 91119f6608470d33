//! What is known beside the samples: who the series are, gaps, and words. It stays in Basira's own storage.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::{Gap, GapReason, OrganizationId, Stream, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::catalog::entries;
use super::entity::{entry, gap, word};
use super::{Member, Scope, Window};

/// Words asked for in one statement.
const WORDS: usize = 1_000;

/// The series of one group.
pub(super) async fn members(
    reader: &DatabaseConnection,
    scope: Scope,
    stream: &Stream,
    group: u64,
) -> Result<Vec<Member>, DbErr> {
    let rows = entries(scope, stream)
        .filter(entry::Column::GroupHash.eq(group.cast_signed()))
        .order_by_asc(entry::Column::Series)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(member).collect())
}

fn member(row: entry::Model) -> Member {
    let labels = match row.labels {
        serde_json::Value::Object(labels) => labels,
        _ => serde_json::Map::new(),
    };
    Member { series: row.series.cast_unsigned(), labels }
}

/// The series whose entry has `value` under `label`, ascending.
pub(super) async fn labelled(
    reader: &DatabaseConnection,
    scope: Scope,
    stream: &Stream,
    label: &str,
    value: &str,
) -> Result<Vec<u64>, DbErr> {
    let members = entries(scope, stream).all(reader).await?.into_iter().map(member);
    let has = |member: &Member| member.labels.get(label).and_then(|found| found.as_str()) == Some(value);
    let mut series: Vec<u64> = members.filter(has).map(|member| member.series).collect();
    series.sort_unstable();
    Ok(series)
}

/// Gaps that overlap `window`, oldest first.
pub(super) async fn gaps(
    reader: &DatabaseConnection,
    scope: Scope,
    stream: &'static Stream,
    window: Window,
) -> Result<Vec<Gap>, DbErr> {
    let rows = gap::Entity::find()
        .filter(gap::Column::DatabaseId.eq(scope.database.0))
        .filter(gap::Column::OrganizationId.eq(scope.organization.0))
        .filter(gap::Column::Stream.eq(stream.name))
        .filter(gap::Column::ToMs.gt(window.since.as_millis()))
        .filter(gap::Column::FromMs.lt(window.until.as_millis()))
        .order_by_asc(gap::Column::FromMs)
        .order_by_asc(gap::Column::ToMs)
        .all(reader)
        .await?;
    let gap = |row: gap::Model| {
        let reason = GapReason::from_name(&row.reason)?;
        Some(Gap { stream, from: Timestamp(row.from_ms), to: Timestamp(row.to_ms), reason })
    };
    Ok(rows.into_iter().filter_map(gap).collect())
}

/// The texts behind `hashes`, as far as they are known.
pub(super) async fn words(
    reader: &DatabaseConnection,
    organization: OrganizationId,
    hashes: &[u64],
) -> Result<HashMap<u64, Arc<str>>, DbErr> {
    let mut words = HashMap::with_capacity(hashes.len());
    for chunk in hashes.chunks(WORDS) {
        let rows = word::Entity::find()
            .filter(word::Column::OrganizationId.eq(organization.0))
            .filter(word::Column::Hash.is_in(chunk.iter().map(|hash| hash.cast_signed())))
            .all(reader)
            .await?;
        words.extend(rows.into_iter().map(|row| (row.hash.cast_unsigned(), Arc::from(row.text))));
    }
    Ok(words)
}

/// How many words and entries there are.
pub(super) async fn counts(reader: &DatabaseConnection) -> Result<(u64, u64), DbErr> {
    Ok((word::Entity::find().count(reader).await?, entry::Entity::find().count(reader).await?))
}
