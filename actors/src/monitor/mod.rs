//! The actor of one database: it owns the polling loop and the current state of the database.

mod actor;
mod check;
mod collector_instance;
mod collector_statuses;
mod fleet;
mod health_check;
mod idle;
mod live;
mod message;
mod observation_recorder;
mod poll;
mod secondary_poll;
mod secondary_schedule;
mod shared;

pub(crate) use self::actor::{Arguments, Monitor};
pub use self::check::{CheckReport, CollectorCheck, check};
pub use self::fleet::{Dependencies, Fleet, FleetSettings};
pub use self::live::Live;
pub(crate) use self::message::Message;
pub(crate) use self::shared::Shared;
