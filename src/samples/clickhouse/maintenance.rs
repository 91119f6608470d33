//! The background task: ships records every 10 seconds, and drops expired ones once a minute.

use std::time::{Duration, Instant};

use basira_actors::model::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::shipper::Shipper;
use crate::samples::StoreError;

/// ClickHouse is faster with few inserts of many rows. Until then the tail is read.
const SHIPPING: Duration = Duration::from_secs(10);
/// Never in unit tests, whose samples are years old and which call the maintenance themselves.
const MAINTENANCE: Duration = Duration::from_secs(if cfg!(test) { 24 * 3600 } else { 60 });

/// Runs until `stop` is cancelled.
pub(super) async fn run(shipper: &Mutex<Shipper>, stop: CancellationToken) {
    let mut maintained_at = Instant::now();
    let mut failing = false;
    while stop.run_until_cancelled(tokio::time::sleep(SHIPPING)).await.is_some() {
        let is_due = maintained_at.elapsed() >= MAINTENANCE;
        let work = async {
            let mut shipper = shipper.lock().await;
            if is_due { shipper.maintain(Timestamp::now()).await } else { shipper.ship().await }
        };
        let Some(result) = stop.run_until_cancelled(work).await else { return };
        if is_due {
            maintained_at = Instant::now();
        }
        log_change(&result, &mut failing);
    }
}

/// Logs the first failure, and the first success after one.
fn log_change(result: &Result<(), StoreError>, failing: &mut bool) {
    match result {
        Err(error) if !*failing => {
            tracing::warn!(%error, "writing samples to ClickHouse fails; they are kept in the storage until it succeeds");
        }
        Ok(()) if *failing => tracing::info!(
            "writing samples to ClickHouse succeeds again; those kept in the storage were sent"
        ),
        _ => {}
    }
    *failing = result.is_err();
}
