//! The actor of one database: it owns the polling loop and what is known of the database now.

mod actor;
mod check;
mod doctor;
mod fleet;
mod idle;
mod live;
mod poll;
mod report;
mod rounds;
mod seen;
mod shared;
mod visits;

use std::sync::Arc;

pub(crate) use self::actor::{Arguments, Message, Monitor};
pub use self::check::{CheckReport, CollectorCheck, check};
pub use self::fleet::{Fleet, FleetSettings};
pub use self::live::Live;
pub(crate) use self::shared::{Observed, Shared};
use crate::ports::{SampleSink, TargetSource};

/// What every monitor works with.
#[derive(Clone)]
pub struct Dependencies {
    pub sink: Arc<dyn SampleSink>,
    pub source: Arc<dyn TargetSource>,
    pub fleet: Fleet,
}
