//! Deltas recorded from a real server, and what they take in the store.

mod recorder;
mod shop;

use basira::samples::ManagedSampleStore as _;
use basira::samples::Resolution;
use basira_actors::model::Timestamp;
use basira_benches::{Failure, figure};

use self::recorder::Recorder;
use super::day::{COUNTERS, HOUR_MS, POLL_MS, POLLS_PER_HOUR};
use super::ours::{Store, new_scope};

/// Recorded polls, one a second. They are repeated to fill the hour; no value is changed.
const POLLS: usize = 90;

/// Fills the hour that begins at `start`.
pub(crate) async fn measure(start: i64) -> Result<(), Failure> {
    let (server, _clients) = shop::open().await?;
    let polls = Recorder::connect(&server).await?.record(POLLS).await?;
    let rows: usize = polls.iter().map(Vec::len).sum();
    let series: std::collections::BTreeSet<u64> = polls.iter().flatten().map(|row| row.series).collect();
    println!(
        "recorded {POLLS} polls: {rows} rows of {} statements, executed {} times",
        series.len(),
        polls.iter().flatten().map(|row| row.counters[0]).sum::<i64>()
    );

    let directory = tempfile::tempdir()?;
    let (store, scope) = (Store::open(directory.path()).await?, new_scope());
    store.register(scope, series.into_iter()).await?;
    for (place, rows) in polls.iter().cycle().take(POLLS_PER_HOUR).enumerate() {
        let from = start + place as i64 * POLL_MS;
        let poll = super::day::Poll { from, at: from + POLL_MS, rows: rows.clone() };
        store.append(scope, poll.record()).await?;
    }
    store.samples.maintain(Timestamp(start + HOUR_MS)).await?;
    store.samples.maintain(Timestamp(start + 2 * HOUR_MS)).await?;
    if let Some((rows, bytes)) = store.held(Resolution::Raw).await? {
        figure("store.bytes_per_row_real", bytes as f64 / rows as f64, "bytes");
        figure("store.bytes_per_counter_real", bytes as f64 / (rows * COUNTERS.len() as u64) as f64, "bytes");
    }
    store.close().await
}
