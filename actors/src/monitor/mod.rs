//! The actor of one database: it owns the polling loop and what is known of the database now.

mod actor;
mod check;
mod fleet;
mod health_check;
mod idle;
mod live;
mod observation_recorder;
mod poll;
mod report;
mod secondary_poll;
mod secondary_schedule;
mod shared;

use std::sync::Arc;

pub(crate) use self::actor::{Arguments, Message, Monitor};
pub use self::check::{CheckReport, CollectorCheck, check};
pub use self::fleet::{Fleet, FleetSettings};
pub use self::live::Live;
pub(crate) use self::shared::{ObservedState, Shared};
use crate::ports::{SampleRepository, TargetRegistry};

/// What every monitor works with.
#[derive(Clone)]
pub struct Dependencies {
    pub samples: Arc<dyn SampleRepository>,
    pub registry: Arc<dyn TargetRegistry>,
    pub fleet: Fleet,
}
