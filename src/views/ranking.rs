//! The statements of a window by what they cost, of either engine.

use basira_actors::model::Engine;

use super::json_cells;
use super::latency::Latencies;
use super::statements::{self, Rank, Statement};
use crate::samples::{DatabaseScope, SampleStore, StoreError, Window};

/// The costliest statements, and what all of them came to.
#[derive(Debug)]
pub struct Ranking {
    pub lines: Vec<Statement>,
    /// Of all statements of the window.
    pub count: usize,
    pub cache_hit_ratio: Option<f64>,
    /// Of all statements of the window; ClickHouse only.
    pub p99_ms: Option<f64>,
}

impl Ranking {
    /// The first `limit` by `rank`; only those run in `database`, if one is named.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn read(
        samples: &dyn SampleStore,
        scope: DatabaseScope,
        engine: Engine,
        window: Window,
        database: Option<&str>,
        (rank, limit): (Rank, usize),
    ) -> Result<Self, StoreError> {
        let stream = statements::stream(engine);
        let mut wanted = statements::shown(stream);
        if let Some(name) = database {
            wanted.series = Some(samples.labelled(scope, stream, "database_name", name).await?);
        }
        let totals = samples.totals(scope, stream, window, &wanted).await?;
        let (count, cache_hit_ratio) = (totals.len(), statements::cache_hit_ratio(stream, &totals));
        let top = statements::top(stream, totals, rank, limit);
        let mut hashes = json_cells::words(stream, top.iter().map(|total| &total.values[..]));
        hashes.extend(top.iter().map(|total| total.group));
        let texts = samples.words(scope.organization, &hashes).await?;
        let latencies = match engine {
            Engine::Postgres => None,
            Engine::Clickhouse => Some(Latencies::read(samples, scope, window).await?),
        };
        let line = |total| {
            let line = Statement::new(stream, total, &texts);
            match &latencies {
                Some(latencies) => line.with_work(&total.values, &texts, latencies.of(total.group)),
                None => line,
            }
        };
        let lines = top.iter().map(line).collect();
        Ok(Self { lines, count, cache_hit_ratio, p99_ms: latencies.and_then(|all| all.of_all().p99_ms) })
    }
}
