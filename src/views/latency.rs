//! How long calls of ClickHouse's queries took, read from sketches that add up.

use std::collections::HashMap;

use basira_actors::analysis::durations::{self, Durations, query_of};
use basira_actors::model::streams::QUERY_DURATIONS;
use basira_actors::model::{NULL, Timestamp};
use serde::Serialize;

use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Window};

/// Percentiles over a window or a bucket; null when there was no call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Whether all calls are in one bucket of the sketch.
    #[serde(skip)]
    is_one_bucket: bool,
}

/// Of several queries, each by its fingerprint.
#[derive(Debug, Default)]
pub struct Latencies(HashMap<u64, Durations>);

impl Latency {
    fn of(durations: &Durations) -> Self {
        Self {
            p50_ms: durations.quantile_ms(0.5),
            p95_ms: durations.quantile_ms(0.95),
            p99_ms: durations.quantile_ms(0.99),
            is_one_bucket: durations.is_one_bucket(),
        }
    }

    /// The same when `mean_ms` is known: calls that took about equally long took as long as their mean.
    #[must_use]
    pub const fn with_mean(self, mean_ms: Option<f64>) -> Self {
        match mean_ms {
            Some(_) if self.is_one_bucket => {
                Self { p50_ms: mean_ms, p95_ms: mean_ms, p99_ms: mean_ms, ..self }
            }
            _ => self,
        }
    }
}

impl Latencies {
    /// Of every query over `window`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn read(
        samples: &dyn SampleStore,
        scope: DatabaseScope,
        window: Window,
    ) -> Result<Self, StoreError> {
        let mut latencies = Self::default();
        for total in samples.totals(scope, &QUERY_DURATIONS, window, &Projection::ALL).await? {
            let calls = calls(&total.values);
            latencies.0.entry(query_of(total.group)).or_default().add(total.group, calls);
        }
        Ok(latencies)
    }

    /// Of the query `fingerprint`.
    #[must_use]
    pub fn of(&self, fingerprint: u64) -> Latency {
        self.0.get(&query_of(fingerprint)).map(Latency::of).unwrap_or_default()
    }

    /// Of all of them together.
    #[must_use]
    pub fn of_all(&self) -> Latency {
        Latency::of(&self.0.values().fold(Durations::default(), Durations::joined))
    }
}

/// Of the query `fingerprint`, by the start of the bucket.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn over_time(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    fingerprint: u64,
    window: Window,
    bucket_ms: i64,
) -> Result<HashMap<Timestamp, Latency>, StoreError> {
    let wanted = Projection { groups: Some(durations::all_series(fingerprint)), ..Projection::ALL };
    let mut buckets: HashMap<Timestamp, Durations> = HashMap::new();
    for timeline in samples.timelines(scope, &QUERY_DURATIONS, window, bucket_ms, &wanted).await? {
        for point in timeline.points {
            buckets.entry(point.ts).or_default().add(timeline.group, calls(&point.values));
        }
    }
    Ok(buckets.into_iter().map(|(ts, durations)| (ts, Latency::of(&durations))).collect())
}

fn calls(values: &[i64]) -> i64 {
    values.first().copied().filter(|calls| *calls != NULL).unwrap_or(0)
}
