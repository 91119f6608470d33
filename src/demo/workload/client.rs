//! What the clients of the workload share.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Error;

/// The result of a client, which runs until an error of the server ends it.
pub(super) type ClientResult = Result<Infallible, Error>;

/// Waits between half and one and a half times `average`.
pub(super) async fn think(average: Duration) {
    sleep(average.mul_f64(rand::random_range(0.5..1.5))).await;
}
