//! The actor of one database: it owns the polling loop and what is known of the database now.

mod actor;
mod check;
mod doctor;
mod idle;
mod live;
mod poll;
mod report;
mod rounds;
mod shared;
mod visits;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub(crate) use self::actor::{Arguments, Message, Monitor};
pub use self::check::{CheckReport, CollectorCheck, check};
pub use self::live::Live;
pub(crate) use self::shared::{Observed, Shared};
use crate::drivers::ConnectSettings;
use crate::model::RuleSettings;
use crate::ports::{SampleSink, TargetSource};

/// What every monitor works with.
#[derive(Clone)]
pub struct Dependencies {
    pub sink: Arc<dyn SampleSink>,
    pub source: Arc<dyn TargetSource>,
    pub connect: ConnectSettings,
    /// How many connects may be under way at once, over all databases.
    pub connects: Arc<Semaphore>,
    /// How health rules are set for all databases.
    pub rules: Arc<RuleSettings>,
}
