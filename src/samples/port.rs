//! The reads of monitors and health rules, through the ports of `actors`.

use std::collections::HashMap;
use std::time::Duration;

use basira_actors::model::streams::{QUERIES, STATEMENTS};
use basira_actors::model::{History, HistoryQuery, HistorySeries, LastValues, NULL, Stream, Timestamp};
use basira_actors::ports::RepositoryError;

use super::{DatabaseScope, Projection, SampleStore, StoreError, Total, Window, word_hashes};

const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };
/// The number of statements whose text is read too.
const MAX_STATEMENT_TEXTS: usize = 200;

/// Returns the history that `query` selects, with the texts of its text columns.
pub(super) async fn history(
    store: &dyn SampleStore,
    scope: DatabaseScope,
    query: HistoryQuery,
) -> Result<History, RepositoryError> {
    read(store, scope, query).await.map_err(|error| RepositoryError(error.to_string()))
}

async fn read(
    store: &dyn SampleStore,
    scope: DatabaseScope,
    query: HistoryQuery,
) -> Result<History, StoreError> {
    let HistoryQuery { stream, since, until, steps } = query;
    let window = Window { since, until };
    let totals = store.totals(scope, stream, window, &Projection::ALL).await?;
    let mut points = HashMap::new();
    if let Some(steps) = steps {
        let bucket_ms = step_ms(until.since(since), steps);
        for timeline in store.timelines(scope, stream, window, bucket_ms, &Projection::ALL).await? {
            let of_series: Vec<(Timestamp, Vec<i64>)> =
                timeline.points.into_iter().map(|point| (point.ts, point.values)).collect();
            points.insert(timeline.group, of_series);
        }
    }
    let mut hashes = word_hashes(stream, totals.iter().map(|total| &total.values[..]));
    hashes.extend(costliest(stream, &totals));
    let words = store.words(scope.organization, &hashes).await?;
    let series = totals.into_iter().map(|total| HistorySeries {
        series: total.group,
        values: total.values,
        first: total.first,
        points: points.remove(&total.group).unwrap_or_default(),
    });
    Ok(History { series: series.collect(), texts: words })
}

fn step_ms(span: Duration, steps: u32) -> i64 {
    i64::try_from(span.as_millis() / u128::from(steps.max(1))).unwrap_or(i64::MAX).max(1)
}

/// The fingerprints of the costliest statements, where groups are fingerprints.
fn costliest(stream: &Stream, totals: &[Total]) -> Vec<u64> {
    let of_statements = [STATEMENTS.name, QUERIES.name].contains(&stream.name);
    let Some(place) = stream.column("total_time_us").filter(|_| of_statements) else { return Vec::new() };
    let cost = |total: &Total| total.values.get(place).copied().filter(|cost| *cost != NULL).unwrap_or(0);
    let mut by_cost: Vec<&Total> = totals.iter().collect();
    by_cost.sort_by_key(|total| std::cmp::Reverse(cost(total)));
    by_cost.into_iter().take(MAX_STATEMENT_TEXTS).map(|total| total.group).collect()
}

/// The newest values of each series of `stream`, with the texts of its word columns.
pub(super) async fn last_values(
    store: &dyn SampleStore,
    scope: DatabaseScope,
    stream: &'static Stream,
) -> Result<LastValues, RepositoryError> {
    let failed = |error: crate::samples::StoreError| RepositoryError(error.to_string());
    let totals = store.totals(scope, stream, EVER, &Projection::ALL).await.map_err(failed)?;
    let hashes = word_hashes(stream, totals.iter().map(|total| &total.values[..]));
    let words = store.words(scope.organization, &hashes).await.map_err(failed)?;
    Ok(LastValues {
        rows: totals.into_iter().map(|total| (total.group, total.values)).collect(),
        texts: words,
    })
}
