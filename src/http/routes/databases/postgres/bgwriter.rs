//! `GET /api/v1/databases/{id}/bgwriter`: checkpoints and who wrote buffers, over time.

use basira_actors::model::streams::BGWRITER;
use basira_actors::model::{NULL, Timestamp};

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::{Point, Projection, Timeline};
use crate::views::buckets;
use crate::views::json_cells::{Bucket, Texts};

const BGWRITER_FIELDS: &str = "ts:time checkpoints_timed:integer? checkpoints_req:integer? checkpoint_write_time_ms:number? \
    checkpoint_sync_time_ms:number? buffers_checkpoint:integer? buffers_clean:integer? maxwritten_clean:integer? \
    buffers_backend:integer? buffers_backend_fsync:integer? buffers_alloc:integer? restartpoints_timed:integer? \
    restartpoints_req:integer? restartpoints_done:integer? checkpoints_done:integer? slru_written:integer?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/bgwriter",
            "Checkpoints and who wrote buffers, over time",
            DatabaseAccess::POSTGRES,
            list,
        )
        .window()
        .list("BgwriterPoint")
        .schema("BgwriterPoint", BGWRITER_FIELDS),
    ]
}

async fn list(request: Request, watched: Watched) -> Answer {
    let window = request.query()?.window(Timestamp::now())?;
    let samples = &request.app.samples;
    let bucket_ms = buckets::bucket_ms(&**samples, watched.scope, &BGWRITER, window).await?;
    let timelines = samples.timelines(watched.scope, &BGWRITER, window, bucket_ms, &Projection::ALL).await?;
    let lines: Vec<Bucket> =
        joined(timelines).iter().map(|point| Bucket::new(&BGWRITER, point, &Texts::new())).collect();
    let reason = if lines.is_empty() { watched.unavailable_reason("pg_stat_bgwriter").await } else { None };
    response::list_with_reason(&lines, lines.len(), reason.as_deref())
}

/// The views side by side, which have no counter in common.
fn joined(timelines: Vec<Timeline>) -> Vec<Point> {
    let mut points: Vec<Point> = timelines.into_iter().flat_map(|timeline| timeline.points).collect();
    points.sort_by_key(|point| point.ts);
    points.dedup_by(|later, kept| {
        let same = later.ts == kept.ts;
        if same {
            for (cell, &other) in kept.values.iter_mut().zip(&later.values).filter(|(cell, _)| **cell == NULL)
            {
                *cell = other;
            }
        }
        same
    });
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_views_make_one_line() {
        let timeline = |group, points: &[(i64, [i64; 2])]| Timeline {
            group,
            points: points
                .iter()
                .map(|&(ts, values)| Point { ts: Timestamp(ts), values: values.into() })
                .collect(),
        };
        let lines = joined(vec![
            timeline(1, &[(0, [5, NULL]), (60, [6, NULL])]),
            timeline(2, &[(60, [NULL, 0]), (120, [NULL, 9])]),
        ]);
        let shown: Vec<_> = lines.iter().map(|point| (point.ts.0, point.values.clone())).collect();
        assert_eq!(shown, [(0, vec![5, NULL]), (60, vec![6, 0]), (120, vec![NULL, 9])]);
    }
}
