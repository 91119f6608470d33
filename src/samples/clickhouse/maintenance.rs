//! What happens by itself: shipping, and once a minute dropping.

use std::time::{Duration, Instant};

use basira_actors::model::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::shipper::Shipper;
use crate::samples::StoreError;

/// Few inserts with many rows are what ClickHouse likes; the tail answers meanwhile.
const SHIPPING: Duration = Duration::from_secs(10);
/// In unit tests never: their samples are of another year, and they say themselves when it is due.
const KEEPING: Duration = Duration::from_secs(if cfg!(test) { 24 * 3600 } else { 60 });

/// Works until told to stop.
pub(super) async fn run(shipper: &Mutex<Shipper>, stop: CancellationToken) {
    let mut kept_at = Instant::now();
    let mut failing = false;
    while stop.run_until_cancelled(tokio::time::sleep(SHIPPING)).await.is_some() {
        let keeping = kept_at.elapsed() >= KEEPING;
        let work = async {
            let mut shipper = shipper.lock().await;
            if keeping { shipper.maintain(Timestamp::now()).await } else { shipper.ship().await }
        };
        let Some(result) = stop.run_until_cancelled(work).await else { return };
        if keeping {
            kept_at = Instant::now();
        }
        note(&result, &mut failing);
    }
}

/// Once when it begins to fail, once when it works again.
fn note(result: &Result<(), StoreError>, failing: &mut bool) {
    match result {
        Err(error) if !*failing => {
            tracing::warn!(%error, "ClickHouse does not take samples; they are kept here until it does");
        }
        Ok(()) if *failing => tracing::info!("ClickHouse takes samples again; those kept here were sent"),
        _ => {}
    }
    *failing = result.is_err();
}
