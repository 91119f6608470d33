//! The messages that a monitor handles.

use std::sync::Arc;

use ractor::RpcReplyPort;

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
