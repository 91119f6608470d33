//! The messages that a monitor handles.

use std::sync::Arc;

use ractor::{ActorRef, RpcReplyPort};
use tokio::task::AbortHandle;

use super::Live;
use super::health_check::HealthChecker;
use super::poll::{PollOutcome, Poller};
use super::secondary_poll::{SecondaryPoller, SecondaryResults};
use crate::health::Diagnosis;
use crate::model::{CollectorStatus, Target};

/// A message to the monitor of one database.
pub(crate) enum Message {
    /// Internal: the timer of this generation fired.
    PollDue { generation: u64 },
    /// Internal: the live collector has read the activity.
    LiveSnapshot(Live),
    /// Internal: the poll is over.
    Polled(Box<(Poller, PollOutcome)>),
    /// Internal: the poll panicked.
    PollPanicked(String),
    /// Internal: the health of the database was evaluated.
    HealthChecked(Box<HealthChecker>, Arc<Diagnosis>),
    /// Internal: the evaluation panicked.
    HealthCheckPanicked(String),
    /// Internal: other databases of the server are due.
    SecondaryPollDue,
    /// Internal: some of the other databases were polled.
    SecondaryPolled(Box<(SecondaryPoller, SecondaryResults)>),
    /// The subscribers of the live stream changed, and with them the interval they need.
    SubscribersChanged,
    /// The registration of the database changed.
    Reconfigure(Box<Target>),
    /// The settings for all databases changed.
    FleetSettingsChanged,
    /// Makes every collector due.
    PollNow,
    /// Reports the state of every collector.
    CollectorStatus(RpcReplyPort<Vec<CollectorStatus>>),
}

/// Runs `work` in a task and sends its message to `monitor`, or that of `panicked` with the reason if it panics. Nothing is
/// sent when the task is aborted.
pub(super) fn spawn(
    monitor: &ActorRef<Message>,
    work: impl Future<Output = Message> + Send + 'static,
    panicked: fn(String) -> Message,
) -> AbortHandle {
    let task = tokio::spawn(work);
    let handle = task.abort_handle();
    let monitor = monitor.clone();
    tokio::spawn(async move {
        let message = match task.await {
            Ok(message) => message,
            Err(error) if error.is_cancelled() => return,
            Err(error) => panicked(error.to_string()),
        };
        // fails only when the monitor was stopped
        let _ = monitor.cast(message);
    });
    handle
}
