//! How far behind, over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::streams::{REPLICATION, REPLICATION_SLOTS};
use basira_actors::model::{Engine, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request, Watched, response};
use crate::samples::{Projection, Timeline};
use crate::views::json_cells::{Texts, cell, float, text, words};

/// One bucket: of a standby its own lag, of a primary that of the standby that is furthest behind; of ClickHouse that of the
/// replicated table that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Lag {
    ts: Timestamp,
    lag_bytes: Option<i64>,
    lag_seconds: Option<f64>,
}

/// One bucket of one slot.
#[derive(Debug, PartialEq, Serialize)]
struct SlotLag {
    ts: Timestamp,
    slot_name: Option<Arc<str>>,
    lag_bytes: Option<i64>,
}

/// The collector that reads replication on `engine`.
pub(super) const fn collector(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "pg_stat_replication",
        Engine::Clickhouse => "ch_replicas",
    }
}

pub(super) async fn lags(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &REPLICATION, window).await?;
    let samples = &request.app.samples;
    let timelines =
        samples.timelines(watched.scope, &REPLICATION, window, bucket_ms, &Projection::ALL).await?;
    let lags = worst(&timelines);
    let collector = collector(watched.engine());
    let reason = if lags.is_empty() { watched.unavailable_reason(collector).await } else { None };
    response::list_with_reason(&lags, lags.len(), reason.as_deref())
}

pub(super) async fn slots(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = request.bucket_ms(watched.scope, &REPLICATION_SLOTS, window).await?;
    let samples = &request.app.samples;
    let timelines =
        samples.timelines(watched.scope, &REPLICATION_SLOTS, window, bucket_ms, &Projection::ALL).await?;
    let texts =
        samples.words(watched.scope.organization, &words(&REPLICATION_SLOTS, rows(&timelines))).await?;
    let lags = by_slot(&timelines, &texts);
    let reason =
        if lags.is_empty() { watched.unavailable_reason(collector(Engine::Postgres)).await } else { None };
    response::list_with_reason(&lags, lags.len(), reason.as_deref())
}

fn rows(timelines: &[Timeline]) -> impl Iterator<Item = &[i64]> {
    timelines.iter().flat_map(|timeline| &timeline.points).map(|point| &*point.values)
}

/// The server's own line says of each bucket whether it was a standby then; on a primary the standbys count.
fn worst(timelines: &[Timeline]) -> Vec<Lag> {
    let mut own = BTreeMap::new();
    let mut standbys: BTreeMap<Timestamp, Lag> = BTreeMap::new();
    for point in timelines.iter().flat_map(|timeline| &timeline.points) {
        let value = |name| cell(&REPLICATION, &point.values, name);
        let lag_seconds = value("lag_us").map(|lag| float(lag) / 1e6);
        let lag = Lag { ts: point.ts, lag_bytes: value("lag_bytes"), lag_seconds };
        match value("is_replica") {
            Some(is_replica) => {
                own.insert(point.ts, (is_replica != 0, lag));
            }
            None => {
                let worst = standbys.entry(point.ts).or_insert(lag);
                worst.lag_bytes = worst.lag_bytes.max(lag.lag_bytes);
                worst.lag_seconds = worst.lag_seconds.into_iter().chain(lag_seconds).reduce(f64::max);
            }
        }
    }
    let shown = |(ts, (is_replica, lag)): (Timestamp, (bool, Lag))| {
        if is_replica {
            lag
        } else {
            standbys.get(&ts).copied().unwrap_or(Lag { ts, lag_bytes: None, lag_seconds: None })
        }
    };
    own.into_iter().map(shown).collect()
}

/// Every slot in every bucket, oldest first.
fn by_slot(timelines: &[Timeline], texts: &Texts) -> Vec<SlotLag> {
    let points = timelines.iter().flat_map(|timeline| &timeline.points);
    let mut lags: Vec<SlotLag> = points
        .map(|point| SlotLag {
            ts: point.ts,
            slot_name: text(&REPLICATION_SLOTS, &point.values, texts, "slot_name").cloned(),
            lag_bytes: cell(&REPLICATION_SLOTS, &point.values, "lag_bytes"),
        })
        .collect();
    lags.sort_by(|a, b| (a.ts, &a.slot_name).cmp(&(b.ts, &b.slot_name)));
    lags
}

#[cfg(test)]
mod tests {
    use basira_actors::model::NULL;

    use super::*;
    use crate::samples::Point;

    /// When, whether it is a standby, bytes and microseconds behind.
    type Seen = (i64, Option<i64>, Option<i64>, Option<i64>);

    fn timeline(group: u64, points: &[Seen]) -> Timeline {
        let point = |&(ts, is_replica, bytes, micros): &Seen| {
            let mut values = vec![NULL; REPLICATION.columns.len()];
            for (name, value) in [("is_replica", is_replica), ("lag_bytes", bytes), ("lag_us", micros)] {
                values[REPLICATION.column(name).expect("a column")] = value.unwrap_or(NULL);
            }
            Point { ts: Timestamp(ts), values }
        };
        Timeline { group, points: points.iter().map(point).collect() }
    }

    #[test]
    fn a_primary_shows_its_worst_standby_and_a_standby_itself() {
        let own = timeline(
            1,
            &[(0, Some(0), None, None), (60, Some(0), None, None), (120, Some(1), Some(7), Some(500_000))],
        );
        let near = timeline(2, &[(0, None, Some(10), Some(2_000_000)), (120, None, Some(900), None)]);
        let far = timeline(3, &[(0, None, Some(50), None)]);
        let lag = |ts, lag_bytes, lag_seconds| Lag { ts: Timestamp(ts), lag_bytes, lag_seconds };
        assert_eq!(
            worst(&[own, near, far]),
            [lag(0, Some(50), Some(2.0)), lag(60, None, None), lag(120, Some(7), Some(0.5))]
        );
        assert_eq!(worst(&[]), []);
    }
}
