//! Reads back what a collector saw at a past moment, for as long as raw records are kept.

use std::time::Duration;

use basira_actors::model::{Stream, Timestamp};

use super::json_cells::{self, Texts};
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Timeline, Window};

/// How much older than the requested moment a snapshot may be.
const REACH: Duration = Duration::from_secs(30);

/// Values of each series.
pub type Rows = Vec<(u64, Vec<i64>)>;

/// One snapshot: every row that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// By the watched server's clock.
    pub at: Timestamp,
    /// By series; without series 0, which marks the snapshot itself.
    pub rows: Rows,
    pub texts: Texts,
}

/// What was seen, or the reason why nothing is known.
pub type Replay<T> = Result<T, String>;

/// The newest snapshot of `stream` at or before `at`.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn snapshot_at(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    stream: &'static Stream,
    at: Timestamp,
) -> Result<Replay<StoredSnapshot>, StoreError> {
    let kept = samples.raw_kept();
    if at < Timestamp::now() - kept {
        let hours = kept.as_secs() / 3600;
        return Ok(Err(format!("what was seen at one moment is kept for {hours} h, and this was before")));
    }
    let window = Window { since: at - REACH, until: at };
    let timelines = samples.timelines(scope, stream, window, 1, &Projection::ALL).await?;
    let Some((at, rows)) = newest(timelines, at) else {
        return Ok(Err(format!("nothing was looked at in the {} s before this moment", REACH.as_secs())));
    };
    let words = json_cells::words(stream, rows.iter().map(|(_, values)| &values[..]));
    let texts = samples.words(scope.organization, &words).await?;
    Ok(Ok(StoredSnapshot { at, rows, texts }))
}

/// The rows of the newest bucket of a millisecond that ends at or before `at` and holds a snapshot.
fn newest(timelines: Vec<Timeline>, at: Timestamp) -> Option<(Timestamp, Rows)> {
    // a bucket has what ends after its start and not after its end
    let last_start = Timestamp(at.as_millis() - 1);
    let looks = timelines.iter().find(|timeline| timeline.group == 0)?;
    let start = looks.points.iter().map(|point| point.ts).filter(|start| *start <= last_start).max()?;
    let rows = timelines.into_iter().filter(|timeline| timeline.group != 0).filter_map(|timeline| {
        let point = timeline.points.into_iter().find(|point| point.ts == start)?;
        Some((timeline.group, point.values))
    });
    Some((Timestamp(start.as_millis() + 1), rows.collect()))
}

#[cfg(test)]
mod tests {
    use basira_actors::model::Timestamp;

    use super::newest;
    use crate::samples::{Point, Timeline};

    fn timeline(group: u64, ends: &[i64]) -> Timeline {
        let point = |&end: &i64| Point { ts: Timestamp(end - 1), values: vec![end] };
        Timeline { group, points: ends.iter().map(point).collect() }
    }

    #[test]
    fn the_newest_sample_at_or_before_the_time_is_replayed() {
        let timelines = || vec![timeline(0, &[100, 200, 300]), timeline(7, &[100, 300]), timeline(9, &[200])];
        let at = |at| newest(timelines(), Timestamp(at));
        assert_eq!(at(99), None);
        assert_eq!(at(100), Some((Timestamp(100), vec![(7, vec![100])])));
        assert_eq!(at(299), Some((Timestamp(200), vec![(9, vec![200])])));
        assert_eq!(at(300), Some((Timestamp(300), vec![(7, vec![300])])));
        assert_eq!(newest(vec![timeline(0, &[5])], Timestamp(9)), Some((Timestamp(5), Vec::new())));
        assert_eq!(newest(vec![timeline(7, &[5])], Timestamp(9)), None, "no look");
    }
}
