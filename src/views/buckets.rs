//! The length of the buckets in which a window is shown.

use basira_actors::model::Stream;

use crate::samples::{DatabaseScope, SampleStore, StoreError, Window};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 3600 * SECOND_MS;
const BUCKETS_MS: [i64; 7] = [
    10 * SECOND_MS,
    60 * SECOND_MS,
    300 * SECOND_MS,
    900 * SECOND_MS,
    3600 * SECOND_MS,
    6 * 3600 * SECOND_MS,
    DAY_MS,
];
const MOST_POINTS: i64 = 500;

/// The smallest bucket, in milliseconds, that shows `window` of `stream` in at most 500 points, and is not finer than what
/// is kept.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn bucket_ms(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    stream: &'static Stream,
    window: Window,
) -> Result<i64, StoreError> {
    let kept = samples.resolution(scope, stream, window).await?;
    Ok(bucket_of_span_ms(window).max(kept.millis()))
}

fn bucket_of_span_ms(window: Window) -> i64 {
    let span = window.until.as_millis().saturating_sub(window.since.as_millis()).max(0);
    // A window that begins within a bucket touches one more.
    let fits = |bucket: &i64| span / bucket + 2 <= MOST_POINTS;
    BUCKETS_MS.into_iter().find(fits).unwrap_or_else(|| DAY_MS * (span / (DAY_MS * (MOST_POINTS - 2)) + 1))
}

#[cfg(test)]
mod tests {
    use basira_actors::model::Timestamp;

    use super::bucket_of_span_ms;
    use crate::samples::Window;

    #[test]
    fn buckets_keep_a_series_short() {
        let bucket = |span_seconds: i64| {
            let window = Window { since: Timestamp(7), until: Timestamp(7 + span_seconds * 1000) };
            bucket_of_span_ms(window) / 1000
        };
        let day = 86_400;
        let cases = [
            (0, 10),
            (3_600, 10),
            (4_980, 10),
            (4_990, 60),
            (6 * 3_600, 60),
            (day, 300),
            (5 * day, 900),
            (20 * day, 3_600),
            (120 * day, 6 * 3_600),
            (400 * day, day),
            (499 * day, 2 * day),
            (4_000 * day, 9 * day),
        ];
        for (span, expected) in cases {
            assert_eq!(bucket(span), expected, "{span}");
            assert!(span / expected + 2 <= 500, "{span}");
        }
    }
}
