//! What is stored besides the samples: the labels of the series, gaps, and texts.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::{Gap, GapReason, OrganizationId, Stream, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::series_groups::entries;
use super::tables::Local;
use crate::samples::entity::{entry, gap, word};
use crate::samples::{DatabaseScope, MAX_GAPS, Series, StoreError, Window};

/// The number of texts that one statement reads.
const WORDS: usize = 1_000;

impl Local {
    /// The series of one group.
    pub(in crate::samples) async fn series_in_group(
        &self,
        scope: DatabaseScope,
        stream: &Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError> {
        let rows = entries(scope, stream)
            .filter(entry::Column::GroupHash.eq(group.cast_signed()))
            .order_by_asc(entry::Column::Series)
            .all(&self.reader)
            .await?;
        Ok(rows.into_iter().map(series).collect())
    }

    /// The series whose entry has `value` under `label`, ascending.
    pub(in crate::samples) async fn series_with_label(
        &self,
        scope: DatabaseScope,
        stream: &Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError> {
        let found = match self.reader.get_database_backend() {
            DbBackend::Sqlite => {
                Expr::cust_with_values("json_extract(labels, ?)", [format!("$.\"{label}\"")])
            }
            _ => Expr::cust_with_values("labels ->> $1", [label]),
        };
        let rows = entries(scope, stream)
            .filter(found.eq(value))
            .select_only()
            .column(entry::Column::Series)
            .into_tuple::<i64>()
            .all(&self.reader)
            .await?;
        let mut series: Vec<u64> = rows.into_iter().map(i64::cast_unsigned).collect();
        series.sort_unstable();
        Ok(series)
    }

    /// The newest [`MAX_GAPS`] gaps that overlap `window`, oldest first.
    pub(in crate::samples) async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        let rows = gap::Entity::find()
            .filter(gap::Column::DatabaseId.eq(scope.database.0))
            .filter(gap::Column::OrganizationId.eq(scope.organization.0))
            .filter(gap::Column::Stream.eq(stream.name))
            .filter(gap::Column::ToMs.gt(window.since.as_millis()))
            .filter(gap::Column::FromMs.lt(window.until.as_millis()))
            .order_by_desc(gap::Column::FromMs)
            .order_by_desc(gap::Column::ToMs)
            .limit(MAX_GAPS as u64)
            .all(&self.reader)
            .await?;
        let gap = |row: gap::Model| {
            let reason = GapReason::from_name(&row.reason)?;
            Some(Gap { stream, from: Timestamp(row.from_ms), to: Timestamp(row.to_ms), reason })
        };
        Ok(rows.into_iter().rev().filter_map(gap).collect())
    }

    /// The texts of `hashes` that are stored.
    pub(in crate::samples) async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        let mut words = HashMap::with_capacity(hashes.len());
        for chunk in hashes.chunks(WORDS) {
            let rows = word::Entity::find()
                .filter(word::Column::OrganizationId.eq(organization.0))
                .filter(word::Column::Hash.is_in(chunk.iter().map(|hash| hash.cast_signed())))
                .all(&self.reader)
                .await?;
            words.extend(rows.into_iter().map(|row| (row.hash.cast_unsigned(), Arc::from(row.text))));
        }
        Ok(words)
    }
}

fn series(row: entry::Model) -> Series {
    let labels = match row.labels {
        serde_json::Value::Object(labels) => labels,
        _ => serde_json::Map::new(),
    };
    Series { series: row.series.cast_unsigned(), labels }
}

/// The numbers of texts and of entries.
pub(in crate::samples) async fn counts<C: ConnectionTrait>(connection: &C) -> Result<(u64, u64), DbErr> {
    Ok((word::Entity::find().count(connection).await?, entry::Entity::find().count(connection).await?))
}
