//! Waiting for a fact instead of for a time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(100);
/// Limits are for a machine at rest; beside a dozen database servers all takes several times as long.
const TIMEOUT_FACTOR: u32 = 4;

/// Asks until the answer is `Ok`; well after `limit` fails with the last `Err`.
pub(crate) async fn eventually<T, E: Debug>(
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let limit = limit * TIMEOUT_FACTOR;
    let deadline = Instant::now() + limit;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) => assert!(Instant::now() < deadline, "not within {limit:?}; last seen: {last:#?}"),
        }
        sleep(PAUSE).await;
    }
}

/// Checks again and again for `span` that what must always be so is so.
pub(crate) async fn holds_for(span: Duration, mut check: impl AsyncFnMut()) {
    let end = Instant::now() + span;
    while Instant::now() < end {
        check().await;
        sleep(PAUSE).await;
    }
}
