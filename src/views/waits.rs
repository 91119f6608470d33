//! What sessions waited for over time.

use std::cmp::Reverse;

use basira_actors::model::Timestamp;
use basira_actors::model::streams::WAITS;
use serde::Serialize;

use super::json_cells::{self, Row, Texts};
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Timeline, Window};

/// One wait event in one bucket, as `GET /waits` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    pub ts: Timestamp,
    pub wait_event_type: Option<String>,
    pub wait_event: Option<String>,
    /// How often a session was met in it.
    pub count: i64,
    /// An estimate: each time it was met stands for the time between two looks.
    pub total_duration_ms: Option<i64>,
}

/// The waits of `window` in buckets of `bucket_ms`, oldest first, then by count.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn over(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    window: Window,
    bucket_ms: i64,
) -> Result<Vec<Wait>, StoreError> {
    let timelines = samples.timelines(scope, &WAITS, window, bucket_ms, &Projection::ALL).await?;
    let values = || timelines.iter().flat_map(|timeline| &timeline.points).map(|point| &point.values[..]);
    let texts = samples.words(scope.organization, &json_cells::words(&WAITS, values())).await?;
    Ok(waits(&timelines, &texts))
}

/// Series 0 is the looks themselves, not a wait.
fn waits(timelines: &[Timeline], texts: &Texts) -> Vec<Wait> {
    let points = timelines.iter().filter(|timeline| timeline.group != 0).flat_map(|line| &line.points);
    let mut waits: Vec<Wait> = points
        .filter_map(|point| {
            let row = Row { stream: &WAITS, values: &point.values, texts };
            Some(Wait {
                ts: point.ts,
                wait_event_type: row.text("wait_event_type"),
                wait_event: row.text("wait_event"),
                count: row.cell("count")?,
                total_duration_ms: row.cell("duration_ms"),
            })
        })
        .collect();
    waits.sort_by(|a, b| {
        (a.ts, Reverse(a.count), &a.wait_event).cmp(&(b.ts, Reverse(b.count), &b.wait_event))
    });
    waits
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{NULL, Timestamp};
    use serde_json::json;

    use super::waits;
    use crate::samples::{Point, Timeline};
    use crate::views::json_cells::Texts;

    #[test]
    fn waits_are_ordered_by_time_and_then_by_count() {
        let point = |ts, values: [i64; 4]| Point { ts: Timestamp(ts), values: values.to_vec() };
        let timelines = [
            Timeline { group: 0, points: vec![point(0, [NULL, NULL, 6, 60_000])] },
            Timeline {
                group: 5,
                points: vec![point(0, [1, 2, 3, 30_000]), point(60_000, [1, 2, 1, 10_000])],
            },
            Timeline { group: 9, points: vec![point(0, [3, 3, 7, 70_000])] },
        ];
        let texts = Texts::from([(1, "Lock".into()), (2, "tuple".into()), (3, "CPU".into())]);
        let line = |ts: &str, kind: &str, event: &str, count: i64| {
            json!({"ts": ts, "wait_event_type": kind, "wait_event": event, "count": count,
                   "total_duration_ms": count * 10_000})
        };
        assert_eq!(
            serde_json::to_value(waits(&timelines, &texts)).expect("serialises"),
            json!([
                line("1970-01-01T00:00:00.000Z", "CPU", "CPU", 7),
                line("1970-01-01T00:00:00.000Z", "Lock", "tuple", 3),
                line("1970-01-01T00:01:00.000Z", "Lock", "tuple", 1),
            ])
        );
    }
}
